exec docker info --format "{{json .}}"
