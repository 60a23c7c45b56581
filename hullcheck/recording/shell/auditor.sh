printf "auditor:%s\n" "$(id -u)"
