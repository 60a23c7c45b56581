exec docker version --format "{{json .Server}}"
