"""What a secret looks like: planted ones are found and never stored, harmless lines of well-known images pass.

Each line is tried in all places where it may stand: in the history and configuration of an image (4.10), and in a
service (7.4).
"""

from __future__ import annotations

import base64
import json
from base64 import b64encode

import pytest

from hullcheck import secrets
from hullcheck.facts.daemon import redaction
from hullcheck.secrets import values as secret_values
from hullcheck.secrets.known import without_known
from hullcheck.secrets.ways import compiled
from selftests.unit.secrets.harmless import (
    HARMLESS_COMMANDS,
    HARMLESS_SETTINGS,
    PLAIN,
    TOKENS,
    everywhere_as_command,
    everywhere_as_setting,
    image_stores,
)

LOGIN = b64encode(f"bob:{PLAIN}".encode()).decode()


PEM = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpIdW50ZXIyc2VjcmV0Cg=="


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
            "DB_SENHA",
            "MOT_DE_PASSE",
            "KENNWORT",
            "RABBITMQ_ERLANG_COOKIE",
        ],
        PLAIN,
    ),
    "NEO4J_AUTH": f"neo4j/{PLAIN}",
    "REDIS_AUTH": PLAIN,
    "LDAP_BIND_CRED": PLAIN,
    "DATA_ENC_KEY": PLAIN,
    "KAFKA_AUTH": "sesame",
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
    "SHORT_IN_BASE64": b64encode(f"token={PLAIN}".encode()).decode(),
    "CALLBACK": f"https://example.com/hook?x=1&token={PLAIN}",
    "AUTH_HEADER": f"Basic {LOGIN}",
    "HEADER": f"Bearer {PART}",
    "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"reg": {"auth": LOGIN}}}),
    "PIP_INDEX_URL": f"https://{PART}x@pypi.example/simple",
    "traefik.http.middlewares.a.basicauth.users": "bob:$$apr1$$9Cv/OMGj$$ZomWQzuQbL.3TRCS81A1g/",
    "SHADOW": "$6$saltsalt$" + "a1./" * 21 + "ab",
    "SHADOW_OF_MANY_ROUNDS": "$6$rounds=65536$saltsalt$" + "a1./" * 21 + "ab",
    "SHADOW_OF_GOST": "$gy$j9T$saltsaltsaltsalt$" + "a1./" * 10 + "abc",
    "SHADOW_OF_SCRYPT": "$7$CU..../....saltsalt$" + "a1./" * 10 + "abc",
    "SLACK_HOOK": f"https://hooks.slack.com/services/T0000/B0000/{PART}",
}


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
    f"echo root:{PLAIN} | /usr/sbin/chpasswd",
    f"echo root:{PLAIN} | chroot /mnt chpasswd",
    f"echo root:{PLAIN} | {{ chpasswd; }}",
    f"echo root:{PLAIN} | tee /tmp/x | chpasswd",
    f'echo "$USER:{PLAIN}" | chpasswd',
    f"printf 'root:%s\\n' {PLAIN} | chpasswd",
    f"echo root:{PLAIN} > /tmp/x && chpasswd < /tmp/x",
    f"echo root:{PLAIN} > /tmp/x; cat /tmp/x | chpasswd",
    f"echo app:{PLAIN}::::/home/app:/bin/sh | newusers",
    f"yes {PLAIN} | passwd root",
    f"useradd -p $(mkpasswd -m sha-512 {PLAIN}) app",
    f"useradd -p $(echo {PLAIN} | mkpasswd -s) app",
    f"useradd -p $(perl -e 'print crypt(\"{PLAIN}\", \"salt\")') app",
    f"php -r \"echo password_hash('{PLAIN}', PASSWORD_BCRYPT);\"",
    f"unrar x -p{PLAIN} x.rar",
    f"impdp system/{PLAIN} dumpfile=x",
    f"neo4j-admin dbms set-initial-password {PLAIN}",
    f"samba-tool user create bob {PLAIN}",
    f"echo {PLAIN} | elasticsearch-keystore add -x bootstrap.password",
    f"java -jar jenkins-cli.jar -auth bob:{PLAIN} version",
    f"oc login -u bob -p {PLAIN}",
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
    f"cypher-shell -u neo4j -p {PLAIN}",
    f"dotnet nuget add source https://x -u a -p {PLAIN}",
    f"pro attach {PLAIN}",
    f"net ads join -U admin%{PLAIN}",
    f"mosquitto_passwd -b /f bob {PLAIN}",
    f"keytool -importkeystore -srcstorepass {PLAIN} -file x",
    f"subscription-manager register --activationkey {PLAIN} --org 1",
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
echo 'auth_pass HUNTER' >> keepalived.conf
echo 'stats auth admin:HUNTER' >> haproxy.cfg
echo 'user admin insecure-password HUNTER' >> haproxy.cfg
echo 'rootpw HUNTER' >> slapd.conf
echo 'elasticsearch { password => "HUNTER" }' > logstash.conf
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
etcdctl --user root:HUNTER get x
dsconf -D cn=x -w HUNTER x
consul agent -encrypt HUNTER -server
serf agent -encrypt=HUNTER
nats-server --auth HUNTER
ttyd -p 80 -c admin:HUNTER bash
nsupdate -y hmac-sha256:key:HUNTER
radtest bob HUNTER h 0 x
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
wget --header="AUTHORIZATION: basic HUNTER" x
curl -H 'Authorization: ApiKey HUNTER' x
curl -H 'Authorization: HUNTER0123456789' x
az acr login -n x -p HUNTER
wandb login --relogin HUNTER
snyk auth HUNTER
composer config --global github-oauth.github.com HUNTER
consul acl set-agent-token default HUNTER
SUSEConnect --regcode HUNTER
cloudflared tunnel run --token HUNTER
""".strip().split("\n")
]  # fmt: skip


def parts(text: str) -> list[str]:
    """What must not be stored of a text with a secret."""
    return [
        each for each in (PLAIN, LOGIN, LOGIN.rstrip("="), PEM, PART, *TOKENS, "ZomWQzuQbL") if each in text
    ]


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
    number = "0123456789abcdef0123456789abcdef01234567"  # as GitHub's tokens were, and as commits and public keys are
    assert secrets.in_value("GITHUB_PAT", number) == ["a value given to GITHUB_PAT"]
    assert secrets.in_value("RELEASE_KEY", number) == []


def test_words_that_are_no_secret_key() -> None:
    """They say so of themselves; a password of such a word is one."""
    assert secrets.in_value("SECRET_KEY", "dummy") == []
    assert secrets.in_value("APP_SECRET", "placeholder_key") == []
    assert secrets.in_value("SECRET_KEY", "dummy7") == ["a value given to SECRET_KEY"]
    assert secrets.in_value("DB_PASSWORD", "dummy") == ["a value given to DB_PASSWORD"]
    assert secrets.in_value("API_TOKEN", "dummy") == ["a value given to API_TOKEN"]
