docker context inspect --format "{{json .Endpoints.docker.Host}}"
