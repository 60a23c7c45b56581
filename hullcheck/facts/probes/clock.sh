date +%s
