"""Texts that hold no secret."""

from __future__ import annotations

PLAIN = "Hunter2secret"


HEX = "0123456789abcdef" * 4


# Tokens that say themselves what they are; their names do not.
TOKENS = [
    "ghp_" + "a1" * 18, "gho_" + "a1" * 18, "github_pat_" + "a1" * 20, "AKIA" + "ABCDEFGH23456723",
    "ASIA" + "ABCDEFGH23456723", "xoxb-" + "123456789012-a1b2", "xapp-" + "1-A1B2C3D4E5", "glpat-" + "a1" * 10,
    "glrt-" + "a1" * 10, "sk_live_" + "a1" * 12, "rk_live_" + "a1" * 12, "sk_test_" + "a1" * 12,
    "AIza" + "a1" * 17 + "a", "eyJ" + "a1" * 10 + ".eyJ" + "b2" * 10 + ".c3", "npm_" + "a1" * 18,
    "pypi-" + "a1" * 25, "dckr_pat_" + "a1" * 10, "SG." + "a1" * 11 + "." + "b" * 43, "hf_" + "a1" * 15,
    "hvs." + "a1" * 12, "sk-" + "proj-" + "a1" * 16, "sk-" + "ant-" + "a1" * 16, "SWMTKN-" + "1-" + "a1" * 20,
    "SWMKEY-" + "1-" + "a1" * 20, "dop_v1_" + "a1" * 32, "SK" + "a1" * 16, "GOCSPX-" + "a1" * 12,
    "shpat_" + "a1" * 16, "dapi" + "a1" * 16, "1234567890:AA" + "a" * 33, "AGE-SECRET-KEY-1" + "A1" * 20,
    "rubygems_" + "a1" * 24, "tskey-" + "auth-" + "a1" * 10, "glsa_" + "a1" * 20, "gsk_" + "a1" * 26,
    "xai-" + "a1" * 40, "nvapi-" + "a1" * 32, "ATCTT3" + "a1" * 30,
]  # fmt: skip


HARMLESS_SETTINGS = [tuple(each.split("=", 1)) for each in f"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D
GPG_KEYS=1198C0117593497A5EC5C199286AF1F9897469DC C28D937575603EB4ABB725861C0779DC5C0A9DE4
PYTHON_SHA256={HEX}
PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64
PHP_EXTRA_CONFIGURE_ARGS=--enable-fpm --with-password-argon2 --with-sodium=shared
JAVA_OPTS=-Xmx1g -Djava.security.egd=file:/dev/./urandom
POSTGRES_HOST_AUTH_METHOD=scram-sha-256
POSTGRES_PASSWORD_FILE=/run/secrets/postgres
POSTGRES_PASSWORD=
MYSQL_ALLOW_EMPTY_PASSWORD=yes
MYSQL_RANDOM_ROOT_PASSWORD=1
NEO4J_AUTH=none
NEO4J_dbms_security_auth__enabled=true
SSH_AUTH_SOCK=/run/ssh-agent.sock
SSH_ASKPASS=ksshaskpass
GIT_ASKPASS=echo
PASSWORD=file:/run/secrets/x
DB_PASSWORD=@/run/secrets/x
DB_PASSWORD=env:DB_SECRET
PASSWORD_MIN_LENGTH=8
PASSWORD_RESET_URL=https://example.com/reset
TOKEN_TTL=3600
TOKEN_LIFETIME=24h
MAX_TOKENS=4096
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
BRANCH=feature/task-4711-some-long-name-of-a-branch-that-goes-on
IMAGE=registry:5000/app:1@sha256:{HEX}
AUTH=ldap
BYPASS=on-error
PRIMARY_KEY=id
STRIPE_PUBLISHABLE_KEY=pk_test_{"a1" * 12}
RECAPTCHA_SITE_KEY=6Lc{"a1B2" * 9}
PUBLIC_KEY=MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
AWS_ACCESS_KEY_ID_FILE=/run/secrets/id
usage=podman run -d -e MYSQL_USER=user -e MYSQL_PASSWORD=pass -e MYSQL_DATABASE=db -p 3306:3306 rhel9/mariadb-1011
maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>
org.opencontainers.image.revision={HEX[:40]}
com.example.text=Bearer of good news
LOGIN=bob
DIGEST=sha256:abababababababababababababababababababababababababababababababab
VAPID_PUBLIC_KEY=BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U
ENABLE_PASSWORD=true
PGPASSFILE=/x/.pgpass
""".strip().split("\n")]  # fmt: skip


HARMLESS_COMMANDS = f"""
kubectl config set-credentials ci --token=$TOKEN
apt-get update && apt-get install -y --no-install-recommends ca-certificates gnupg && rm -rf /var/lib/apt/lists/*
yarn add --pure-lockfile passport jsonwebtoken
npm config set //registry.npmjs.org/:_authToken ${{NPM_TOKEN}}
pip install tokenizers==0.15.0 passlib python-keycloak secretstorage
pip install --hash=sha256:{HEX} x
psql --no-password -U app
adduser --disabled-password --gecos "" app
useradd -p '!' app
echo "app:x:1000:1000:app:/home/app:/sbin/nologin" >> /etc/passwd
printf "root:x:0:0:root:/root:/bin/sh\\n" > /rootfs/etc/passwd
echo "app:*:::::::" >> /etc/shadow
echo "auth sufficient pam_permit.so" > /etc/pam.d/passwd
sed -i 's/PermitRootLogin prohibit-password/PermitRootLogin no/; s/#PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 90/' /etc/login.defs
sed -i "s/password=.*/password=$DB_PASSWORD/" app.conf
grep -E '^ *createBoolConfig[(]"protected-mode",.*, *1 *,.*[)],$' /usr/src/redis/src/config.c
export GNUPGHOME="$(mktemp -d)"; gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys "$GPG_KEY"; gpg --batch --verify python.tar.xz.asc python.tar.xz; gpgconf --kill all
key='859BE8D7C586F538430B19C2467B942D3A79BD29'; gpg --batch --keyserver keyserver.ubuntu.com --recv-keys "$key"; gpg --batch --export --armor "$key" > /etc/apt/keyrings/mysql.asc
gpg --batch --passphrase '' --quick-gen-key app
echo "{HEX} *python.tar.xz" | sha256sum -c -
keytool -import -trustcacerts -cacerts -storepass changeit -noprompt -alias x -file /x.crt
{{ echo mariadb-server mysql-server/root_password password 'unused'; echo mariadb-server mysql-server/root_password_again password 'unused'; }} | debconf-set-selections
git clone https://github.com/example/token-service
curl -u $USER:$PASS https://example.com
curl -H "Authorization: Bearer $TOKEN" https://example.com
curl -H "Authorization: Bearer $(cat /run/secrets/token)" https://example.com
docker login --username x --password-stdin < /run/secrets/x
echo "$PASSWORD" | docker login --username x --password-stdin
mysqladmin ping -h localhost -u root -p$MYSQL_ROOT_PASSWORD
PGPASSWORD="$(cat /run/secrets/pg)" psql -h db
PASSWORD=${{PASSWORD:?is missing}} app
PASSWORD=${{PASSWORD:-}} app
TOKEN=${{TOKEN:-$OTHER_TOKEN}} app
app --password=$DB_PASSWORD --token "$TOKEN" --verbose
if [ "$PASSWORD" = "x" ] || [ -z "$TOKEN" ]; then exit 1; fi
node -e 'const token = process.env.TOKEN; start({{password: process.env.PASSWORD}})'
""".strip().split("\n")  # fmt: skip  # noqa: E501
