"""What a secret looks like: planted ones are found and never stored, harmless lines of well-known images pass.

Each line is tried in all places where it may stand: in the history and configuration of an image (4.10), and in a
service (7.4).
"""

from __future__ import annotations

import base64
import json
import shlex
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from hullcheck import secrets
from hullcheck.facts.daemon import redaction
from hullcheck.facts.images.probe import IMAGES
from hullcheck.gather import gather
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import MAGIC
from hullcheck.secrets import values as secret_values
from hullcheck.secrets.known import without_known
from hullcheck.secrets.names import SiteNames, known_to_site, names_secret, names_secret_file
from hullcheck.secrets.ways import compiled
from selftests.controls.test_4_images import BASE, facts, verdict
from selftests.controls.test_7_swarm import judge_service

PLAIN = "Hunter2secret"
LOGIN = b64encode(f"bob:{PLAIN}".encode()).decode()
PEM = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpIdW50ZXIyc2VjcmV0Cg=="
HEX = "0123456789abcdef" * 4
PART = "a1B2c3D4e5F6g7H8i9J0"

# Settings: variables and labels.
SETTINGS = {
    **dict.fromkeys(
        [
            "PASSWORD",
            "DB_PASSWORD",
            "DB_PASSWORD_PROD",
            "PROD_DB_PASSWORD_V2",
            "DB_PASSWORD_CUSTOMER",
            "DBPASS",
            "MYSQL_PASS",
            "MYSQL_PWD",
            "DB_PW",
            "ROOTPW",
            "PGPASSWORD",
            "dbPassword",
            "REDIS_PASS_MASTER",
            "SMTP_PASSWD",
            "API_KEY",
            "APIKEY",
            "APIkey",
            "api.key",
            "STRIPE_APIKEY",
            "OPENAI_API_KEY",
            "SECRET_KEY",
            "SECRET_KEY_BASE",
            "APP_SECRET",
            "CLIENTSECRET",
            "JWT_SECRET_OLD",
            "COOKIE_SECRET",
            "NPM_TOKEN",
            "GITHUB_TOKEN_RO",
            "ACCESS_TOKEN_STAGING",
            "AWS_SECRET_ACCESS_KEY",
            "AZURE_STORAGE_ACCOUNT_KEY",
            "TLS_PRIVATE_KEY",
            "ENCRYPTION_KEY",
            "MASTER_KEY",
            "SESSION_KEY",
            "GPG_PASSPHRASE",
            "ADMIN_CREDENTIALS",
            "API_KEYS",
            "GPG_KEY_PASSWORD",
        ],
        PLAIN,
    ),
    "NEO4J_AUTH": f"neo4j/{PLAIN}",
    "BASIC_AUTH": f"bob:{PLAIN}",
    "REGISTRY_AUTH": LOGIN,
    "SMTP_PIN_PASSWORD": "8675309",
    "LICENSE": f"-----BEGIN PRIVATE KEY-----\n{PART}\n-----END PRIVATE KEY-----",
    "BLOB": PEM,
    "MAPS_KEY": PART + "k",
    "DATABASE_URL": f"postgres://app:{PLAIN}@db:5432/app",
    "CELERY_BROKER": f"amqp://:{PLAIN}@mq",
    "MONGO": f"mongodb+srv://u:p@{PLAIN}@cluster.example/x",
    "GO_DSN": f"root:{PLAIN}@tcp(db:3306)/app",
    "SQL": f"Server=db;Database=x;User Id=sa;Password={PLAIN};",
    "ODBC": f"DRIVER=x;SERVER=db;UID=sa;PWD={PLAIN}",
    "PQ": f"host=db user=app password={PLAIN} sslmode=require",
    "JDBC": f"jdbc:mysql://db/app?user=x&password={PLAIN}",
    "ORACLE": f"jdbc:oracle:thin:scott/{PLAIN}@db:1521/x",
    "CACHE": f"redis:6379,password={PLAIN},ssl=True",
    "AZURE": f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={PLAIN}==;EndpointSuffix=x",
    "OPTS": f"--password={PLAIN}",
    "JAVA_OPTS": f"-Xmx1g -Ddb.password={PLAIN} -Dapi.key={PLAIN}",
    "ARGS": f"--db-password {PLAIN} --verbose",
    "SPRING_APPLICATION_JSON": json.dumps({"spring.datasource.password": PLAIN}),
    "ESCAPED": json.dumps({"x": json.dumps({"token": PLAIN})}),
    "YAML": f"user: bob\npassword: {PLAIN}\n",
    "CALLBACK": f"https://example.com/hook?x=1&token={PLAIN}",
    "AUTH_HEADER": f"Basic {LOGIN}",
    "HEADER": f"Bearer {PART}",
    "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"reg": {"auth": LOGIN}}}),
    "PIP_INDEX_URL": f"https://{PART}x@pypi.example/simple",
    "traefik.http.middlewares.a.basicauth.users": "bob:$$apr1$$9Cv/OMGj$$ZomWQzuQbL.3TRCS81A1g/",
    "SHADOW": "$6$saltsalt$" + "a1./" * 21 + "ab",
    "SLACK_HOOK": f"https://hooks.slack.com/services/T0000/B0000/{PART}",
}
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
]  # fmt: skip
# Commands of a shell, as RUN, CMD and HEALTHCHECK have them.
COMMANDS = [
    f"kubectl create secret generic x --from-literal=password={PLAIN}",
    f"docker run -e DB_PASSWORD={PLAIN} x",
    f"terraform apply -var=db_password={PLAIN}",
    f"ansible-playbook -e 'password={PLAIN}' x.yml",
    f"java -Ddb.password={PLAIN} -jar app.jar",
    f"java -Djavax.net.ssl.keyStorePassword={PLAIN} -jar app.jar",
    f"mvn -Dtoken={PLAIN} deploy",
    f"gradle -PsigningPassword={PLAIN}",
    f'OPTS="--password={PLAIN}" app',
    f"export DBPASS={PLAIN}; app",
    f"PASSWORD=${{PASSWORD:-{PLAIN}}} app",
    f"redis-cli -a {PLAIN} ping",
    f"redis-cli -h cache -p 6379 -a {PLAIN} ping",
    f"redis-server --requirepass {PLAIN}",
    f"echo requirepass {PLAIN} >> /etc/redis.conf",
    f"npm config set //registry.npmjs.org/:_authToken {PLAIN}",
    f"npm config set //registry.npmjs.org/:_authToken={PLAIN}",
    f"echo registry.example:8080/:_authToken={PLAIN} > .npmrc",
    f"echo _auth={LOGIN} > .npmrc",
    f"aws configure set aws_secret_access_key {PLAIN}",
    f"composer config --global github-oauth.token {PLAIN}",
    f"curl -ubob:{PLAIN} https://example.com",
    f"curl --user bob:{PLAIN} https://example.com",
    f'curl -H "Authorization: Basic {LOGIN}" https://example.com',
    f"curl -d '{{\"password\":\"{PLAIN}\"}}' https://example.com",
    f'curl -d "{{\\"password\\": \\"{PLAIN}\\"}}" https://example.com',
    f"wget --user=bob --password={PLAIN} https://example.com",
    f"wget 'https://example.com/x?access_token={PLAIN}'",
    f"mysqladmin -u root -p{PLAIN} ping",
    f"/usr/bin/mysql -uroot -p{PLAIN}",
    f"mariadb -uroot -p'{PLAIN}' -e x",
    f"mongosh -u root -p {PLAIN} --eval x",
    f"ldapsearch -D cn=x -w {PLAIN} -b y",
    f"sqlcmd -S db -U sa -P {PLAIN}",
    f"sqlplus scott/{PLAIN}@db",
    f"psql -c \"ALTER USER bob WITH PASSWORD '{PLAIN}'\"",
    f"mysql -e \"CREATE USER bob IDENTIFIED BY '{PLAIN}'\"",
    f'mongosh --eval \'db.createUser({{user:"bob",pwd:"{PLAIN}"}})\'',
    f"echo {PLAIN} | docker login -u bob --password-stdin",
    f"docker login -u bob -p {PLAIN}",
    f"helm registry login -u bob -p {PLAIN} reg",
    f"az login --service-principal -u x -p {PLAIN}",
    f"echo {PLAIN} | sudo -S true",
    f"printf '{PLAIN}\\n{PLAIN}\\n' | smbpasswd -s -a bob",
    f"printf '{PLAIN}\\n{PLAIN}\\n' | passwd root",
    f"echo 'root:{PLAIN}' | chpasswd",
    f"chpasswd <<E\nroot:{PLAIN}\nE\n",
    f"rabbitmqctl add_user bob {PLAIN}",
    f"mc alias set s3 https://x bob {PLAIN}",
    f"vault login {PLAIN}",
    f"zip -P {PLAIN} x.zip x",
    f"openssl enc -aes-256-cbc -k {PLAIN} -in x",
    f"echo 'x mysql-server/root_password password {PLAIN}' | debconf-set-selections",
    f"git config --global user.password {PLAIN}",
    f"git clone https://oauth2:{PLAIN}@example.com/x",
    f"smbclient -U bob%{PLAIN} //host/share",
    f"mount -t cifs -o username=bob,password={PLAIN} //host/share /mnt",
    f"consul agent -token={PLAIN}",
    f"gh auth login --with-token <<< {PLAIN} || echo {PLAIN} | gh auth login --with-token",
    f"app --api-key '{PLAIN}' --port 80",
    f"app --client-secret {PLAIN}",
    f"app --password={PLAIN},{PLAIN}",
    f"app '--password=words and {PLAIN}' --verbose",
    f"app --password 'words and {PLAIN}' --verbose",
    f"twine upload -u bob -p {PLAIN} dist/x",
    f"cargo login {PLAIN}",
    f"cargo login --registry mine {PLAIN}",
    f"doctl auth init -t {PLAIN}",
    f"cloudflared service install {PLAIN}",
    f"bundle config set --global gems.example.com bob:{PLAIN}",
    f"ipmitool -H x -U bob -P {PLAIN} power status",
    f"mosquitto_pub -u bob -P {PLAIN} -t x -m y",
    f"snmpwalk -v3 -u bob -A {PLAIN} -l authNoPriv host",
    f"snmpget -v3 -u bob -X {PLAIN} host",
    f"xfreerdp /u:bob /p:{PLAIN} /v:host",
    f"app.exe /password:{PLAIN}",
    f"nmcli dev wifi connect net password {PLAIN}",
    f"nmcli con modify net wifi-sec.psk {PLAIN}",
    f"wpa_passphrase net {PLAIN}",
    f"openssl passwd -6 -salt ab {PLAIN}",
    f"echo {PLAIN} | tee /etc/secret.key",
    f"echo {PLAIN} | sudo tee -a /etc/app/db_password",
    f"printf '%s' {PLAIN} > /run/token",
    f"echo {PLAIN} | cryptsetup open /dev/x y",
    f"pwsh -c 'ConvertTo-SecureString {PLAIN} -AsPlainText -Force'",
    f"pwsh -c 'ConvertTo-SecureString -String {PLAIN} -AsPlainText'",
    f"qpdf --encrypt bob {PLAIN} 256 -- a b",
    f"qpdf --encrypt {PLAIN} x 256 -- a b",
    f"pdftk a output b user_pw {PLAIN}",
    f"sed -i s/@@PASSWORD@@/{PLAIN}/ app.conf",
    f"sed -i 's|__DB_PASSWORD__|{PLAIN}|g' app.conf",
]  # fmt: skip
# What may be harmless in such a place, and does not stay where it looks like a secret.
HINTS = [
    f"tool login {PLAIN}",
    f"tool auth token {PLAIN}",
    f"tool login -u bob -p {PLAIN}",
    f"tool connect -A {PLAIN}",
    f"tool -P {PLAIN}",
    f"tool /p:{PLAIN}",
    f"curl -b session={PLAIN} https://example.com",
    f"curl -b 'session={PLAIN}' https://example.com",
    f'curl -H "Cookie: session={PLAIN}" https://example.com',
    f"echo {PLAIN} | su -c id bob",
    f"su bob -c id <<< {PLAIN}",
    f"wifi password {PLAIN}",
    f"expect -c 'send \"{PLAIN}\\r\"'",
    f"fetch https://{PLAIN}@sentry.example.com/4",
    f"fetch 'https://example.com/x?sig={PLAIN}&x={PLAIN}'",
]
HARMLESS_HINTS = """
apt-get install -y login libpam0g passwd
iptables -A DOCKER-USER -j DROP
wget -P /tmp https://example.com/x1.tgz
curl -b oraclelicense=accept-securebackup-cookie https://example.com/jdk8.tgz
grep -A 5 x1 y2
docker login registry1.example.com
curl -fsSL https://example.com/get.sh | sh
chmod u-s /usr/bin/passwd && apt-get upgrade -y
xargs -P 4 -n 1 rm
"""


COMMANDS += [
    line.replace("HUNTER", PLAIN)
    for line in r"""
app --password "HUNTER with words"
app --password='HUNTER;abc'
PASSWORD="a HUNTER" app
export DB_PASSWORD="HUNTER!@#$%^&*()"
export DB_PASSWORD=HUNTER)abc
DB_PASSWORD=$'HUNTER'
echo "DB_PASSWORD: HUNTER" >> /app/config.yml
echo 'db.password=HUNTER' >> app.properties
echo "<password>HUNTER</password>" > settings.xml
echo "define('DB_PASSWORD', 'HUNTER');" > wp-config.php
python -c "connect(user='x', password='HUNTER')"
ruby -e 'ENV["SECRET_KEY_BASE"]="HUNTER"'
echo "machine github.com login x password HUNTER" > ~/.netrc
echo "db:5432:app:bob:HUNTER" > ~/.pgpass
echo "bob:HUNTER" > /etc/htpasswd
git remote add origin https://bob:HUNTER@git.example/x
git config --global url."https://HUNTERaaaaaaaaaaaaaaaa1@github.com/".insteadOf https://github.com/
pip install --index-url https://bob:HUNTER@pypi.example/simple x
pip install git+https://HUNTERaaaaaaaaaaaaaaaa1@github.com/x/y.git
npm login --//registry.example/:_password=HUNTER
yarn config set npmAuthToken HUNTER
echo "npmAuthToken: HUNTER" > .yarnrc.yml
dotnet nuget add source x --username b --password HUNTER --store-password-in-clear-text
mvn -s s.xml -Dserver.password=HUNTER
keytool -genkey -storepass HUNTER -keypass HUNTER
openssl pkcs12 -export -passout pass:HUNTER
ssh-keygen -t rsa -N HUNTER -f k
sshpass -pHUNTER ssh x
sudo -S <<< HUNTER
su -c 'echo HUNTER | passwd --stdin x'
usermod --password HUNTER x
net user bob HUNTER /add
gcloud auth activate-service-account --key-file=/k && curl -H "X-Auth-Token: HUNTER" x
curl --header="X-Vault-Token: HUNTER" https://vault
curl -H 'api-key:HUNTER' x
curl -H 'PRIVATE-TOKEN: HUNTER' https://gitlab
curl --oauth2-bearer HUNTER https://x
curl -F password=HUNTER x
http POST x password=HUNTER
wget --header="Authorization: token HUNTER" x
mysql --user=root --password=HUNTER
MYSQL_PWD=HUNTER mysql
mysql -e "SET PASSWORD FOR 'root'@'localhost' = PASSWORD('HUNTER')"
psql "postgresql://bob:HUNTER@h/db"
psql "host=h password=HUNTER"
mongo admin -u x --password HUNTER
mongodump --uri="mongodb://u:HUNTER@h"
redis-cli --pass HUNTER
redis-server --masterauth HUNTER
valkey-server --requirepass "HUNTER"
rabbitmqctl change_password guest HUNTER
kubectl config set-credentials x --token=HUNTER
vault write secret/x value=HUNTER password=HUNTER
vault kv put secret/x db_password=HUNTER
consul kv put db/password HUNTER
ansible-vault --vault-password HUNTER
drush si --account-pass=HUNTER --db-url=mysql://u:HUNTER@h/d
wp core install --admin_password=HUNTER
wp config create --dbpass=HUNTER
rails_master_key=HUNTER RAILS_MASTER_KEY=HUNTER rails
java -jar app.jar --spring.datasource.password=HUNTER
java -Dspring.datasource.password="HUNTER"
catalina.sh -Dmanager.pass=HUNTER
grafana-cli admin reset-admin-password HUNTER
influx -username x -password HUNTER
influx setup --password HUNTER --token HUNTER
smbpasswd -a x <<< "HUNTER"
ldappasswd -s HUNTER
slappasswd -s HUNTER
kadmin -w HUNTER
kinit x <<< HUNTER
vncpasswd -f <<< HUNTER
x11vnc -passwd HUNTER
x11vnc -storepasswd HUNTER /x
jupyter notebook --NotebookApp.token='HUNTER'
jupyter lab --ServerApp.password=HUNTER
code-server --auth password; PASSWORD=HUNTER code-server
minio server --access-key a --secret-key HUNTER
gh auth login --with-token <<< HUNTER
echo HUNTER > /run/password && gpg --passphrase HUNTER -d x
gpg --batch --passphrase=HUNTER x
borg init -e repokey; BORG_PASSPHRASE='HUNTER' borg
rclone config create x s3 secret_access_key HUNTER
rclone obscure HUNTER
s3cmd --access_key=a --secret_key=HUNTER
composer config http-basic.repo.example bob HUNTER
terraform login -token HUNTER
sentry-cli --auth-token HUNTER
newman run -e x --env-var apiKey=HUNTER
ngrok config add-authtoken HUNTER
ngrok authtoken HUNTER
tailscale up --authkey HUNTER
cloudflared tunnel run --token HUNTER
""".strip().split("\n")
]  # fmt: skip


def parts(text: str) -> list[str]:
    """What must not be stored of a text with a secret."""
    return [
        each for each in (PLAIN, LOGIN, LOGIN.rstrip("="), PEM, PART, *TOKENS, "ZomWQzuQbL") if each in text
    ]


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


def require_found(made: dict[str, tuple[str, str, str]], secret_parts: list[str]) -> None:
    """Return if it failed everywhere, and no part is in a reason or stored."""
    assert secret_parts
    assert {where: found for where, (found, _, _) in made.items()} == dict.fromkeys(made, "fail")
    for where, (_, reason, kept) in made.items():
        for part in secret_parts:
            assert part not in reason + kept, f"{where}: {kept}"


def test_there_are_enough() -> None:
    """No list is cut by accident."""
    assert len(SETTINGS) + len(TOKENS) + len(COMMANDS) > 150
    assert len(HARMLESS_SETTINGS) + len(HARMLESS_COMMANDS) > 150


@pytest.mark.parametrize(("name", "value"), SETTINGS.items())
def test_planted_setting(name: str, value: str) -> None:
    """A variable, label or argument with a secret fails, and its value is not stored."""
    require_found(everywhere_as_setting(name, value), parts(value) or [value])


@pytest.mark.parametrize("token", TOKENS)
def test_planted_token(token: str) -> None:
    """A token fails wherever it stands."""
    require_found(everywhere_as_setting("SETTING", token), [token])
    require_found(everywhere_as_setting("SETTING", f"x {token} y"), [token])
    require_found(everywhere_as_command(f"fetch -x {token}"), [token])


@pytest.mark.parametrize("command", COMMANDS)
def test_planted_command(command: str) -> None:
    """A command that is given a secret fails, also as a list of words, and the secret is not stored."""
    require_found(everywhere_as_command(command), parts(command))


@pytest.mark.parametrize("command", HINTS)
def test_hinted_secret_does_not_stay(command: str) -> None:
    """In a build step, where such a word often is a secret, it is not stored."""
    for step in (f"RUN /bin/sh -c {command} # buildkit", f"/bin/sh -c {command}"):
        found, reason, kept = image_stores(step)
        assert PLAIN not in reason + kept
        assert found in ("pass", "fail")


@pytest.mark.parametrize("command", HARMLESS_HINTS.strip().split("\n"))
def test_harmless_word_in_such_a_place_stays(command: str) -> None:
    """What is judged of a build step is not hidden by hints."""
    assert secrets.masked(command) == command
    assert image_stores(f"RUN /bin/sh -c {command} # buildkit")[0] == "pass"


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        (f"VOLUME [/data/{PLAIN}]", "VOLUME [/data/***]"),
        (f"/bin/sh -c #(nop)  VOLUME [/data/{PLAIN} /srv]", "VOLUME [/data/*** /srv]"),
        (f"WORKDIR /srv/{PLAIN}", "WORKDIR /srv/***"),
        (f"ONBUILD VOLUME /srv/{PLAIN}", "ONBUILD VOLUME /srv/***"),
    ],
)
def test_places_in_images_stay_where_they_are_words(step: str, kept: str) -> None:
    """No control reads them."""
    stored = image_stores(step)[2]
    assert PLAIN not in stored
    assert kept in stored


# ---- what is harmless

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
PASSWORD_MIN_LENGTH=8
PASSWORD_HASHERS=argon2
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


@pytest.mark.parametrize(("name", "value"), HARMLESS_SETTINGS)
def test_harmless_setting(name: str, value: str) -> None:
    """What well-known images set passes, and so do references, placeholders, files, switches and numbers."""
    made = everywhere_as_setting(name, value)
    assert {where: found for where, found in made.items() if found[0] != "pass"} == {}


@pytest.mark.parametrize("command", HARMLESS_COMMANDS)
def test_harmless_command(command: str) -> None:
    """What well-known images run passes."""
    made = everywhere_as_command(command)
    assert {where: found for where, found in made.items() if found[0] != "pass"} == {}


def test_empty_value_before_another() -> None:
    """What follows an empty value in a history is the next name, and not its value."""
    assert image_stores("ENV DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x NAME=web")[0] == "pass"


# ---- what is stored


def test_values_that_are_not_found() -> None:
    """What only sounds like a secret is not stored either; what controls judge is."""
    assert secrets.masked("ENABLE_AUTHX=geheim2 app") == "ENABLE_AUTHX=*** app"
    kept = (
        "npm config set strict-ssl=false && GIT_SSL_NO_VERIFY=1 apt-get -o AllowUnauthenticated=true update"
    )
    assert secrets.masked(kept) == kept


@pytest.mark.parametrize(
    "text",
    [f"fluentd://x?token={PLAIN}", f"https://x/{TOKENS[0]}", f"tcp://me:{PLAIN}@x:1", f"//me:{PLAIN}@x"],
)
def test_secrets_of_a_daemon(text: str) -> None:
    """An address of a log driver is stored without what is secret in it."""
    document = redaction.configuration(json.dumps({"log-opts": {"splunk-url": text}}))
    line = redaction.command_line(["dockerd", f"--log-opt=splunk-url={text}"])
    assert not parts(f"{document} {line}")
    assert "splunk-url" in str(document)
    assert secrets.HIDDEN in str(line)


def test_long_value_is_hidden_to_its_end() -> None:
    """How far a value is looked at ends no secret."""
    for text in (f"PASSWORD={'x' * 1000}{PLAIN} app", f"app --password '{'x' * 1000}{PLAIN}'"):
        assert not parts(secrets.masked(text))
    assert secrets.masked(f"PASSWORD={'x.' * 500} app") == "PASSWORD=*** app"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("echo 's3cr3t.word' > /etc/app/key.txt", "echo '***' > /etc/app/key.txt"),
        ("printf -- s3cr3tword>>key", "printf -- ***>>key"),
        ("printf s3cr3tword>>key", "printf ***>>key"),
        ("wget 'https://x/y?sig=a1b2c3d4e5&v=2'", "wget 'https://x/y?***'"),
        ("echo 'deb http://x/ y1 main' > /etc/apt/sources.list", None),
        ("echo /usr/lib/x86_64 > /etc/ld.so.conf", None),
        ("echo completed > file1", None),
        ("echo done1234 && design=a1b2c3d4 make", None),
    ],
)
def test_words_that_may_be_secrets(text: str, masked: str | None) -> None:
    """What is all that a file gets, and a signature of an address, do not stay; other words do."""
    assert secrets.masked(text) == (masked or text)


def test_parts_of_a_value_are_no_names() -> None:
    """Words of a value with blanks, and base64 with its padding, do not stay as names."""
    for text in (f"ENV AUTH_HEADER=Basic {LOGIN}", f"ENV A=x {PLAIN}=1 B=0", f"LABEL a=x {LOGIN}== c=d"):
        assert not parts(image_stores(text)[2])


# ---- what the site says of names


def test_site_knows_names_better() -> None:
    """A name that sounds harmless and one that sounds like a secret, each as the site says, in any case."""
    site = SiteNames(hide=("internal_*", "both_token"), keep=("feature_token", "both_token", "my_key"))
    variables = {"INTERNAL_NAME": "fra1", "FEATURE_TOKEN": PLAIN, "MY_KEY": TOKENS[0], "BOTH_TOKEN": PLAIN}
    heard = {name: everywhere_as_setting(name, value) for name, value in variables.items()}
    with known_to_site(site):
        told = {name: everywhere_as_setting(name, value) for name, value in variables.items()}
    for name, before, after in (
        ("INTERNAL_NAME", "pass", "fail"),
        ("FEATURE_TOKEN", "fail", "pass"),
        ("BOTH_TOKEN", "fail", "fail"),
    ):
        assert {each[0] for each in heard[name].values()} == {before}, name
        assert {each[0] for each in told[name].values()} == {after}, name
    assert told["MY_KEY"]["variable"][0] == "pass"
    assert heard["MY_KEY"]["variable"][0] == "fail"


def test_names_that_the_site_hides_are_hidden_in_commands() -> None:
    """Also where the value stands for nothing secret by its look; a reference to another variable is none."""
    command = "RUN /bin/sh -c curl --tenant-ref https://internal/ && TENANT_REF=/app/blue run; TENANT_REF=$OTHER run"
    assert image_stores(command)[0] == "pass"
    with known_to_site(SiteNames(hide=("tenant[-_]ref",))):
        found, reason, kept = image_stores(command)
    assert (found, "TENANT_REF" in reason) == ("fail", True)
    assert "blue" not in kept + reason
    assert "internal" not in kept + reason
    assert "$OTHER" in kept


def test_policy_of_each_target_counts_for_it(tmp_path: Path) -> None:
    """What the policy says of names is known while a target's answer is redacted, and to no other target."""
    answer = tmp_path / "raw.txt"
    nonce = "0" * 32
    lines = ("begin x\nTENANT", "status 0\n", "end x", "complete")
    lines = ("begin x\nTENANT", "status 0\n", "end x", "complete")
    answer.write_text("\n".join((f"{MAGIC} {nonce}", *(f"{nonce} {each}" for each in lines), "")))
    probe = Probe("x", "true", lambda text: ", ".join(secrets.in_settings("label", [(text.strip(), "blue")])))
    connect = f"recorded://{answer}"
    named = Policy.from_mapping({"secret_names": {"hide": ["Tenant"]}}).secret_names
    targets = [Target("a", connect, secret_names=named), Target("b", connect)]
    found = gather(targets, (probe,), Connection())
    said = {name: each.answers["x"].stdout for name, each in found.items()}
    assert said == {"a": "label TENANT: a value given to TENANT", "b": ""}


# ---- names

SECRET_NAMES = """
    PASSWORD db_password dbPassword DB_PASS PGPASSWORD2 API_KEY apiKey2 AWS_SECRET_ACCESS_KEY TOKEN GITHUB_TOKEN
    SECRET_KEY_BASE DJANGO_SECRET_KEY CLIENT_SECRET GOOGLE_CREDENTIALS JWT_SECRET TLS_KEY passphrase PASSWORD_1
"""
HARMLESS_NAMES = """
    DB_PASSWORD_FILE TOKEN_LIFETIME SECRET_NAME PASSWORD_MIN_LENGTH AWS_ACCESS_KEY_ID KEY KEYBOARD PRIMARY_KEY COMPASS
    EMAIL_ADDRESS PATH TOKENIZER PASSENGER ? MONKEY SORT_KEY BYPASS
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets(name: str) -> None:
    """The last words tell that it is a secret."""
    assert names_secret(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_names_of_other_things(name: str) -> None:
    """A word that is a part of another, or tells something about a secret, is harmless."""
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id_ed25519", True),
        ("/etc/ssl/site.key", True),
        ("store.p12", True),
        ("db-password.v3", True),
        ("app_secret_v12", True),
        ("password.txt", True),
        ("/x.y/password.txt", True),
        ("token.url", True),
        ("api-key_v2", True),
        ("/run/TOKEN.1.txt", True),
        ("api_token_v2.txt.bak", True),
        ("/etc/X/id_rsa", True),
        ("site.crt", False),
        ("nginx.conf", False),
        ("/etc/keyboard", False),
        ("id_rsa.pub", False),
        ("", False),
    ],
)
def test_names_of_secret_files(path: str, expected: bool) -> None:
    """A private key, a store of keys, or the name of a secret."""
    assert names_secret_file(path) is expected


# ---- ways to hand over a secret, as they are written down


@pytest.mark.parametrize(
    ("way", "text", "value"),
    [
        (r"\btool -p {value}", "tool -p hunter2", "hunter2"),
        (r"\btool -p {value}", '"tool", "-p", "hunter2"', '"hunter2"'),  # the words of a list
        (r"\btool -p {value}", "tool \\\n  -p \\\n hunter2", "hunter2"),
        (r"\btool -p {value}", "tool -phunter2", None),
        (r"\btool -p {value}", "tool-p hunter2", None),
        (r"\btool -p ?{value}", "tool -phunter2", "hunter2"),
        (r"\btool -p ?{value}", "tool -p\thunter2", "hunter2"),
        (r"\btool -p[ =]{value}", "tool -p=hunter2", "hunter2"),
        (r"\btool -p[ =]{value}", "tool -p\nhunter2", "hunter2"),
        (r"\btool -p[ =]{value}", "tool -p[\\s=]hunter2", None),
        (r"\btool:[ \t]+{value}", "tool: \thunter2", "hunter2"),
        (r"\btool:[ \t]+{value}", "tool:\nhunter2", None),
        (r"{at}tool{line} -p {value}", "tool -x a -p hunter2", "hunter2"),
        (r"{at}tool{line} -p {value}", "tool -x a; other -p hunter2", None),
        (r"{at}tool{line} -p {value}", "/usr/bin/tool -p hunter2", "hunter2"),
        (r"{at}tool{line} -p {value}", "/srv/tool -p hunter2", None),
        (r"{at}{logins}{line} -p {value}", "docker login -u a -p hunter2", "hunter2"),
        (r"\b(?:{schemes}) {value}", "Bearer hunter2", "hunter2"),
        (r"(?<!\S)-{one_dash} {value}", "-storepass hunter2", "hunter2"),
        (r"\becho {value}[^|]*\|\s*(?:{into})", "echo hunter2 | vault login", "hunter2"),
        (r"--{name}={value}", "--my-name=hunter2", "hunter2"),
        (r"--{name}={value}", "--=hunter2", None),
        (r"-p {value}", "-p 'a b'", "'a b'"),
        (r"-p {value}", '-p "a b"', '"a b"'),
        (r"-p {value}", "-p a;b", "a"),
    ],
)
def test_ways_are_written_in_short(way: str, text: str, value: str | None) -> None:
    """A blank is any gap between words, but one within `[ \\t]`; words in braces stand for patterns."""
    found = compiled(way).search(text)
    assert (found and found["value"]) == value


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a", "b"], "a b"),
        (["a", "b c"], 'a "b c"'),
        (["a", ""], 'a ""'),
        (["A=b c"], 'A="b c"'),
        (["my.name-1=b c"], 'my.name-1="b c"'),
        (["-p b=c"], '"-p b=c"'),
        (['say "b c"'], "'say \"b c\"'"),
        (["say \"b\" 'c'"], "say \"b\" 'c'"),
    ],
)
def test_words_as_a_line(words: list[str], line: str) -> None:
    """A word with blanks has quotes that are not in it; where it gives a value to a name, the value has them."""
    assert secrets.line_of(words) == line


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a:", True),
        ("a:b", True),
        ("ab:c d", True),
        ("ab:~", True),
        ("ab:\x7f", False),
        ("ab:\x1f", False),
        (":b", False),
        ("ab", False),
        ("abcdefgh", False),
    ],
)
def test_logins_in_base64(value: str, expected: bool) -> None:
    """A user and a password of printable letters; a colon at the beginning has no user before it."""
    assert secret_values.is_encoded_login(base64.b64encode(f"{value:<9}".encode()).decode()) is expected


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://Hunter2x:x-oauth-basic@git.example/x", "https://***:***@git.example/x"),
        ("https://Hunter2xHunter2xHunter2x:@git.example/x", "https://***:@git.example/x"),
        ("https://Hunter2xHunter2xHunter2x@git.example/x", "https://***@git.example/x"),
        ("https://bob:Hunter2x@git.example/x", "https://bob:***@git.example/x"),
        ("https://bob@git.example/x", "https://bob@git.example/x"),
    ],
)
def test_tokens_as_users_of_addresses(address: str, shown: str) -> None:
    """Some servers take a token for the user, with a password that says so, an empty one, or none."""
    for hide in (secrets.hidden, secrets.masked, without_known):
        assert hide(f"git clone {address}") == f"git clone {shown}"


def test_personal_access_tokens() -> None:
    """`PAT` is one where the value looks random, and a pattern or a patch where it does not."""
    assert secrets.in_value("AZURE_PAT", "k3jd83hfk2ls9dk3jf84hs7dk3") == ["a value given to AZURE_PAT"]
    assert secrets.in_value("SEARCH_PAT", "*.log") == []
