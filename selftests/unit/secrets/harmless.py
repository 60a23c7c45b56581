"""Texts that hold no secret."""

from __future__ import annotations

import json
import shlex
from typing import Any

from hullcheck.facts.images.probe import IMAGES
from selftests.kit.facts.images import BASE, facts, verdict
from selftests.kit.facts.swarms import judge_service

PLAIN = "Hunter2secret"


HEX = "0123456789abcdef" * 4


# Tokens that say themselves what they are; their names do not.
TOKENS = [
    "ghp_" + "a1" * 18, "gho_" + "a1" * 18, "github_pat_" + "a1" * 20, "AKIA" + "ABCDEFGH23456723",
    "ASIA" + "ABCDEFGH23456723",
    "xoxb-" + "123456789012-a1b2", "xapp-" + "1-A1B2C3D4E5", "glpat-" + "a1" * 10, "glrt-" + "a1" * 10,
    "sk_live_" + "a1" * 12, "rk_live_" + "a1" * 12, "sk_test_" + "a1" * 12, "AIza" + "a1" * 17 + "a",
    "eyJ" + "a1" * 10 + ".eyJ" + "b2" * 10 + ".c3", "npm_" + "a1" * 18, "pypi-" + "a1" * 25, "dckr_pat_" + "a1" * 10,
    "SG." + "a1" * 11 + "." + "b" * 43, "hf_" + "a1" * 15, "hvs." + "a1" * 12, "sk-" + "proj-" + "a1" * 16,
    "sk-" + "ant-" + "a1" * 16, "SWMTKN-" + "1-" + "a1" * 20, "SWMKEY-" + "1-" + "a1" * 20, "dop_v1_" + "a1" * 32,
    "SK" + "a1" * 16, "GOCSPX-" + "a1" * 12, "shpat_" + "a1" * 16, "dapi" + "a1" * 16, "1234567890:AA" + "a" * 33,
    "AGE-SECRET-KEY-1" + "A1" * 20, "rubygems_" + "a1" * 24, "tskey-" + "auth-" + "a1" * 10, "glsa_" + "a1" * 20,
    "gsk_" + "a1" * 26, "xai-" + "a1" * 40, "nvapi-" + "a1" * 32, "r8_" + "a1" * 18 + "a", "figd_" + "a1" * 20,
    "pul-" + "a1" * 20, "dp.st." + "prd." + "a1" * 20, "PMAK-" + "a1" * 12 + "-" + "a1" * 17, "sgp_" + "a1" * 20,
    "sbp_" + "a1" * 20, "LTAI" + "5t" + "a1" * 9, "AKCp" + "8a" * 35, "CCIPAT_" + "a" * 22 + "_" + "a1" * 20,
    "ops_eyJ" + "a1" * 25, "xkeysib-" + "a1" * 32 + "-" + "a1" * 8, "ATCTT3" + "a1" * 30, "fm2_" + "a1" * 30,
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC" + "a1" * 20, "MIIEpAIBAAKCAQEA" + "a1" * 20, "MHcCAQEEI" + "a1" * 20,
    "MIGHAgEAMBMGByqGSM49AgEG" + "a1" * 20, "MC4CAQAwBQYDK2VwBCIEI" + "a1" * 20, "b3BlbnNzaC1rZXktdjE" + "a1" * 30,
]  # fmt: skip


def image_stores(*steps: str, **config: Any) -> tuple[str, str, str]:
    """The verdict and reason of 4.10 on an image with these steps, and what is stored of it."""
    target = facts(BASE, *steps, config=config)
    return (*verdict("4.10", target), target.recording.answers[IMAGES.name].stdout)


def everywhere_as_setting(name: str, value: str) -> dict[str, tuple[str, str, str]]:
    """Verdict, reason and what is stored, by where the setting is."""
    variable = f"{name}={value}"
    return {
        "variable": image_stores(Env=[variable]),
        "label": image_stores(Labels={name: value}),
        "ENV": image_stores(f"ENV {variable}"),
        "LABEL": image_stores(f"LABEL x=y {variable}"),
        "ARG": image_stores(f"ARG {variable}"),
        "build argument": image_stores(f"RUN |2 X=y {variable} /bin/sh -c true # buildkit"),
        "service variable": judge_service(variable),
        "service label": judge_service(labels={name: value}),
        "container label": judge_service(Labels={name: value}),
    }


def everywhere_as_command(command: str) -> dict[str, tuple[str, str, str]]:
    """Verdict, reason and what is stored, by where the command is."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    of_shell = ["/bin/sh", "-c", command]
    made = {
        "RUN": image_stores(f"RUN /bin/sh -c {command} # buildkit"),
        "classic RUN": image_stores(f"/bin/sh -c {command}"),
        "CMD of a shell": image_stores(f"CMD {json.dumps(of_shell)}", Cmd=of_shell),
        "HEALTHCHECK": image_stores(
            f'HEALTHCHECK &{{["CMD-SHELL" {json.dumps(command)}] "0s" "0s" "0s" \'\\x00\'}}',
            Healthcheck={"Test": ["CMD-SHELL", command]},
        ),
        "command of a service": judge_service(Args=["sh", "-c", command]),
    }
    if words and not set("|<>;\n") & set(command) and "=$" not in command:  # which need a shell
        listed = " ".join(map(json.dumps, words))
        made |= {
            "CMD": image_stores(f"/bin/sh -c #(nop)  CMD [{listed}]", Cmd=words),
            "ENTRYPOINT": image_stores(f"ENTRYPOINT {json.dumps(words)}", Entrypoint=words),
            "arguments of a service": judge_service(Command=words[:1], Args=words[1:]),
            "health check of a service": judge_service(Healthcheck={"Test": ["CMD", *words]}),
        }
    return made


HARMLESS_SETTINGS = [tuple(each.split("=", 1)) for each in f"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
PWD=/app
OLDPWD=/root
LANG=C.UTF-8
GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D
GPG_KEYS=1198C0117593497A5EC5C199286AF1F9897469DC C28D937575603EB4ABB725861C0779DC5C0A9DE4
NGINX_GPGKEY=573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62
RABBITMQ_PGP_KEY_ID=0x0A9AF2115F4687BD29803A206B73A36E6026DFCA
RELEASE_KEY=4ED778F539E3634C779C87C6D7062848A1AB005C
PYTHON_SHA256={HEX}
PYTHON_GET_PIP_SHA256={HEX}
PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/{HEX[:40]}/public/get-pip.py
RUBY_DOWNLOAD_SHA256={HEX}
REDIS_DOWNLOAD_SHA={HEX}
REDIS_DOWNLOAD_URL=http://download.redis.io/releases/redis-7.2.4.tar.gz
TOMCAT_SHA512={HEX}{HEX}
PHP_ASC_URL=https://www.php.net/distributions/php-8.3.0.tar.xz.asc
PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64
PHP_EXTRA_CONFIGURE_ARGS=--enable-fpm --with-password-argon2 --with-sodium=shared
NODE_VERSION=20.11.0
YARN_VERSION=1.22.19
NPM_CONFIG_LOGLEVEL=info
NPM_CONFIG_FETCH_RETRIES=5
JAVA_HOME=/opt/java/openjdk
JAVA_OPTS=-Xmx1g -Djava.security.egd=file:/dev/./urandom
JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=/etc/ssl/certs/java/cacerts
PG_SHA256={HEX}
PGDATA=/var/lib/postgresql/data
POSTGRES_HOST_AUTH_METHOD=scram-sha-256
POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256
POSTGRES_PASSWORD_FILE=/run/secrets/postgres
POSTGRES_PASSWORD=
MYSQL_ALLOW_EMPTY_PASSWORD=yes
MYSQL_RANDOM_ROOT_PASSWORD=1
MYSQL_SHELL_VERSION=8.0.36-1.el8
MONGO_PACKAGE=mongodb-org
MONGO_REPO=repo.mongodb.org
GOPATH=/go
GOTOOLCHAIN=local
GOSUMDB=sum.golang.org
HAPROXY_SHA256={HEX}
HTTPD_PREFIX=/usr/local/apache2
HTTPD_PATCHES=rewrite-windows-testchar-h.patch {HEX}
KEYCLOAK_VERSION=24.0.1
KC_RUN_IN_CONTAINER=true
ELASTIC_CONTAINER=true
JENKINS_UC=https://updates.jenkins.io
NEO4J_AUTH=none
NEO4J_dbms_security_auth__enabled=true
NEO4J_SHA256={HEX}
SSH_AUTH_SOCK=/run/ssh-agent.sock
SSH_ASKPASS=ksshaskpass
GIT_ASKPASS=echo
KEY_SERVER=keyserver.ubuntu.com
KEY_SERVERS=hkps://keys.openpgp.org pgp.mit.edu
PASSWD_FILE=passwd
PASSWORD=file:/run/secrets/x
DB_PASSWORD=@/run/secrets/x
DB_PASSWORD=env:DB_SECRET
PASSWORD_MIN_LENGTH=8
PASSWORD_HASHERS=argon2
RESET_OS_PASSWORD=resetOSPassword.sh
PASSWORD_RESET_URL=https://example.com/reset
TOKEN_TTL=3600
TOKEN_LIFETIME=24h
TOKEN_ISSUER=example
TOKEN_X=86400
MAX_TOKENS=4096
MAX_TOKEN=100
TOKENIZERS_PARALLELISM=false
SECRETS_DIR=secrets
SECRET_NAME=db
CREDENTIALS_PROVIDER=vault
SECRET_KEY={"${SECRET_KEY}"}
DB_PASSWORD=$DB_PASSWORD
DB_PASSWORD=$$DB_PASSWORD
DB_PASSWORD=/run/secrets/db
DB_PASSWORD={"{{ db_password }}"}
DB_PASSWORD=<your password>
DB_PASSWORD=********
DB_PASSWORD=%DB_PASSWORD%
DB_PASSWORD=__DB_PASSWORD__
DB_PASSWORD=vault:secret/data/db#password
DB_PASSWORD=ENC(abcdefghij)
API_TOKEN=/vault/secrets/token
TLS_KEY=/etc/tls/tls.key
TLS_KEY=server-key.pem
GOOGLE_APPLICATION_CREDENTIALS=./sa.json
OAUTH_TOKEN_URL=https://login.example/token
DATABASE_URL=postgres://app@db/app
DATABASE_URL=postgres://app:{"${DB_PASSWORD}"}@db/app
DATABASE_URL=postgres://app:$DB_PASSWORD@db/app
REDIS_URL=redis://redis:6379/0
SITE=https://example.com:8443/@bob
IMAGE=registry:5000/app:1@sha256:{HEX}
AUTH_TYPE=basic
SMTP_AUTH=login
KAFKA_AUTH=SCRAM-SHA-256
POSTGRES_AUTH=trust
REQUIRE_AUTH=always
PROXY_AUTH=http://auth.example/verify
AUTH=ldap
AUTH_SERVER=https://login.example/auth
BASIC_AUTH_ENABLED=true
COMPASS=north
BYPASS=on-error
SORT_KEY=created_at
PRIMARY_KEY=id
STRIPE_PUBLISHABLE_KEY=pk_test_{"a1" * 12}
RECAPTCHA_SITE_KEY=6Lc{"a1B2" * 9}
PUBLIC_KEY=MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
AWS_REGION=eu-central-1
AWS_ACCESS_KEY_ID_FILE=/run/secrets/id
JSYAML_CHECKSUM={HEX}
DEBIAN_FRONTEND=noninteractive
S6_KEEP_ENV=1
DOTNET_VERSION=8.0.2
ASPNETCORE_HTTP_PORTS=8080
ERLANG_INSTALL_PATH_PREFIX=/opt/erlang
usage=podman run -d -e MYSQL_USER=user -e MYSQL_PASSWORD=pass -e MYSQL_DATABASE=db -p 3306:3306 rhel9/mariadb-1011
maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>
org.opencontainers.image.source=https://github.com/nginx/docker
org.opencontainers.image.revision={HEX[:40]}
com.example.description=Basic authentication for the token service
com.example.text=Bearer of good news
KEYCLOAK_ADMIN=admin
VAULT_TOKEN_FILE=/x
PASSWORD_POLICY=strong
TOKEN_SECRET_NAME=x
SECRET_ID=db/main
PASSWORD_RESET_TIMEOUT=3600
ACCESS_TOKEN_EXPIRE_MINUTES=30
JWT_ALGORITHM=HS256
JWT_PUBLIC_KEY=/x/y.pem
JWT_SECRET_PATH=/x
API_KEY_HEADER=X-Api-Key
KEY_PREFIX=app:
CACHE_KEY_PREFIX=x
REDIS_KEY=queue
S3_KEY=path/to/file
SSL_KEY_PATH=/x
SSH_KEY_TYPE=ed25519
KEYMAP=us
MONKEY_PATCH=1
TOKEN_ENDPOINT=https://x/token
AUTH_URL=http://x/auth
AUTHOR=bob
LOGIN_URL=/login
LOGIN=bob
USER=bob
HOSTNAME=web
PASS_ENV=yes
BYPASS_CACHE=x
COMPASS_DIR=x
NODE_OPTIONS=--max-old-space-size=4096
DATABASE_URL=postgres://db/app
URL=http://x:8080/a@b:c
SECRETS_MANAGER=aws
CREDENTIAL_HELPER=ecr-login
DOCKER_BUILDKIT=1
GPG_TTY=/dev/pts/0
MAVEN_OPTS=-Xmx1g
DIGEST=sha256:abababababababababababababababababababababababababababababababab
CHECKSUM=md5:abababababababababababababababab
BUILD_ID=a1b2c3d4e5f6a7b8c9d0e1f2
UUID=123e4567-e89b-12d3-a456-426614174000
GIT_COMMIT=abababababababababababababababababababab
NEXT_PUBLIC_KEY=pk
VAPID_PUBLIC_KEY=BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U
RSA_PUB_KEY=AAAAB3NzaC1yc2EAAAADAQABAAAB
HOST_KEY=AAAAC3NzaC1lZDI1NTE5AAAA
ENABLE_PASSWORD=true
PASSWORD_ENABLED=false
USE_TOKEN=1
TOKENS_PER_MINUTE=1000
MAX_TOKENS=2k
DB_PASS=$(DB_PASS)
DB_PASSWORD=/etc/db.pw
KEY=value
PRIVATE_KEY_FILE=key.pem
SSL_PRIVATE_KEY=/etc/x.key
LABEL=a token of love
com.docker.compose.config-hash=abababababababababababababababababababababababababababababababab
org.label-schema.usage=https://x
PASSWORD_HASH_ROUNDS=12
SECRET_SCANNING=on
VAULT_SECRET_ENGINE=kv
OPENSSL_KEY_BITS=4096
SESSION_COOKIE_NAME=sid
PASSKEY_ENABLED=1
AUTH_TOKEN_PREFIX=Bearer
TOKEN_TYPE=Bearer
POSTGRES_PASSWORD_ENCRYPTION=md5
PGPASSFILE=/x/.pgpass
MYSQL_ONETIME_PASSWORD=yes
DISABLE_TOKEN_CHECK=x
CSRF_TOKEN_NAME=x
KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH=/x
DB_PASSWORD_SECRET_NAME=x
SECRET_BACKEND=file
traefik.http.routers.web.rule=Host(`example.com`)
""".strip().split("\n")]  # fmt: skip


HARMLESS_COMMANDS = f"""
kubectl config set-credentials ci --token=$TOKEN
apt-get update && apt-get install -y --no-install-recommends ca-certificates gnupg && rm -rf /var/lib/apt/lists/*
yarn install --frozen-lockfile
yarn add --pure-lockfile passport jsonwebtoken
npm ci --omit=dev && npm cache clean --force
npm config set //registry.npmjs.org/:_authToken ${{NPM_TOKEN}}
npm config set cache /tmp/npm
pip install --no-cache-dir --require-hashes -r requirements.txt
pip install tokenizers==0.15.0 passlib python-keycloak secretstorage
pip install --hash=sha256:{HEX} x
psql --no-password -U app
pg_isready -U postgres
adduser --disabled-password --gecos "" app
adduser -D -H -s /sbin/nologin app
useradd --no-log-init --password '' app
useradd -p '!' app
usermod -p '*' root
passwd -d root
echo "app:x:1000:1000:app:/home/app:/sbin/nologin" >> /etc/passwd
printf "root:x:0:0:root:/root:/bin/sh\\n" > /rootfs/etc/passwd
echo "app:x:1000:1000" | tee -a /etc/passwd
echo "app:*:::::::" >> /etc/shadow
echo "auth sufficient pam_permit.so" > /etc/pam.d/passwd
yes | adduser app
mkpasswd --help
qemu-system-arm -net nic -net user,hostfwd=:127.0.0.1:2222-:22,hostname=qemu
unrar x -p- a.rar
passwd -l root && getent passwd app
grep -q '^app:' /etc/passwd
sed -i 's/PermitRootLogin prohibit-password/PermitRootLogin no/; s/#PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 90/' /etc/login.defs
sed -i "s/password=.*/password=$DB_PASSWORD/" app.conf
sed -ri "s!^#?(listen_addresses)\\s*=\\s*\\S+.*!\\1 = '*'!" /usr/share/postgresql/postgresql.conf.sample
grep "password=" app.conf && echo "found"
grep -E '^ *createBoolConfig[(]"protected-mode",.*, *1 *,.*[)],$' /usr/src/redis/src/config.c
export GNUPGHOME="$(mktemp -d)"; gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys "$GPG_KEY"; gpg --batch --verify python.tar.xz.asc python.tar.xz; gpgconf --kill all
for key in 4ED778F539E3634C779C87C6D7062848A1AB005C 141F07595B7B3FFE74309A937405533BE57C7D57; do gpg --batch --keyserver keyserver.ubuntu.com --recv-keys "$key"; done
key='859BE8D7C586F538430B19C2467B942D3A79BD29'; gpg --batch --keyserver keyserver.ubuntu.com --recv-keys "$key"; gpg --batch --export --armor "$key" > /etc/apt/keyrings/mysql.asc
NGINX_GPGKEYS="573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62 8540A6F18833A80E9C1653A42FD21310B49F6B46"; NGINX_GPGKEY_PATH=/etc/apt/keyrings/nginx-archive-keyring.gpg
KEY_SHA512="{HEX}{HEX}"; wget -O /tmp/nginx_signing.rsa.pub https://nginx.org/keys/nginx_signing.rsa.pub; echo "$KEY_SHA512 */tmp/nginx_signing.rsa.pub" | sha512sum -c -
apt-key adv --keyserver hkp://keyserver.ubuntu.com:80 --recv-keys 0C49F3730359A14518585931BC711F9BA15703C6
gpg --list-secret-keys 0C49F3730359A14518585931BC711F9BA15703C6
gpg --batch --passphrase '' --quick-gen-key app
echo "{HEX} *python.tar.xz" | sha256sum -c -
wget -O redis.tar.gz "$REDIS_DOWNLOAD_URL"; echo "$REDIS_DOWNLOAD_SHA *redis.tar.gz" | sha256sum -c -
arch="$(dpkg --print-architecture)"; case "$arch" in amd64) url='https://dl.google.com/go/go1.22.0.linux-amd64.tar.gz'; sha256='{HEX}' ;; esac
ESUM='{HEX}'; BINARY_URL='https://github.com/adoptium/temurin21-binaries/releases/download/jdk-21.tar.gz'; curl -LfsSo /tmp/openjdk.tar.gz ${{BINARY_URL}}
keytool -import -trustcacerts -cacerts -storepass changeit -noprompt -alias x -file /x.crt
{{ echo mariadb-server mysql-server/root_password password 'unused'; echo mariadb-server mysql-server/root_password_again password 'unused'; }} | debconf-set-selections
chmod 1777 /run/mysqld; find /etc/mysql/ -name '*.cnf' -print0 | xargs -0 grep -lZE '^(bind-address|log)' | xargs -rt -0 sed -Ei 's/^(bind-address|log)/#&/'
find /var/lib/redis -a -name x
./configure --build="$gnuArch" --with-password-argon2 --with-sodium=shared --with-pdo-sqlite=/usr --enable-option-checking=fatal
make -j "$(nproc)" TARGET=linux-glibc USE_OPENSSL=1 USE_PCRE2_JIT=1
git clone https://github.com/example/token-service
git clone --depth 1 --branch v1.2 git@github.com:example/x.git
git config --global credential.helper store
GIT_TERMINAL_PROMPT=0 git -c credential.helper= clone https://example.com/x
curl -fsSL https://example.com/install.sh | bash
curl -u $USER:$PASS https://example.com
curl -H "Authorization: Bearer $TOKEN" https://example.com
curl -H "Authorization: Bearer $(cat /run/secrets/token)" https://example.com
curl --user-agent 'Foo:bar' --max-time 10 https://example.com
docker login --username x --password-stdin < /run/secrets/x
cat /run/secrets/x | docker login --username x --password-stdin
echo "$PASSWORD" | docker login --username x --password-stdin
docker build --secret id=npm,src=.npmrc .
mysqladmin ping -h localhost -u root -p$MYSQL_ROOT_PASSWORD
mysqladmin ping -h localhost --port 3306 --protocol tcp
redis-cli -a "$REDIS_PASSWORD" ping
redis-cli -h localhost -p 6379 ping
mongosh --port 27017 -p $MONGO_PASSWORD --eval x
PGPASSWORD=$POSTGRES_PASSWORD psql -h db
PGPASSWORD="$(cat /run/secrets/pg)" psql -h db
PASSWORD=${{PASSWORD:?is missing}} app
PASSWORD=${{PASSWORD:-}} app
TOKEN=${{TOKEN:-$OTHER_TOKEN}} app
TOKEN=$(openssl rand -hex 32) app
app --password-file /run/secrets/db --token-ttl 3600 --no-password
app --password=$DB_PASSWORD --token "$TOKEN" --verbose
app --tls-key /etc/tls/tls.key --tls-cert /etc/tls/tls.crt
app --client-key client-key.pem --private-key key.pem
app --auth=none --auth-method=basic
read -p "Password: " answer && echo "Enter token: "
if [ "$PASSWORD" = "x" ] || [ -z "$TOKEN" ]; then exit 1; fi
mkdir -p /etc/secrets /root/.ssh && chmod 700 /etc/secrets
ssh-keygen -t ed25519 -N '' -f /etc/ssh/key
ssh-keyscan github.com >> /etc/ssh/ssh_known_hosts
python -c 'import os; password = os.environ["PASSWORD"]; token = read_token(x)'
node -e 'const token = process.env.TOKEN; start({{password: process.env.PASSWORD}})'
zip -r x.zip x && unzip -q x.zip -d /x
7z x -y archive.7z
openssl rsa -pubin -in /tmp/nginx_signing.rsa.pub -text -noout
nginx -g 'daemon off;'
echo 'proxy_pass http://127.0.0.1:8080;' > /etc/nginx/conf.d/x.conf
httpd-foreground -DFOREGROUND
a2enmod auth_basic authn_file proxy_pass_x
java -XX:+UseContainerSupport -Djava.security.egd=file:/dev/./urandom -jar /app.jar
""".strip().split("\n")  # fmt: skip  # noqa: E501
