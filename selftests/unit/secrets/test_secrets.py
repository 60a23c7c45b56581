"""What a secret looks like: planted ones are found and never stored, harmless lines of well-known images pass."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from hullcheck import secrets
from hullcheck.facts.engine import daemon_options
from hullcheck.secrets import values as secret_values
from hullcheck.secrets.known import without_known
from selftests.kit.facts.images import BASE, facts, verdict
from selftests.kit.facts.swarms import judge_service
from selftests.unit.secrets.harmless import HARMLESS_COMMANDS, HARMLESS_SETTINGS, PLAIN, TOKENS

LOGIN = b64encode(f"bob:{PLAIN}".encode()).decode()
PEM = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpIdW50ZXIyc2VjcmV0Cg=="
PART = "a1B2c3D4e5F6g7H8i9J0"
NAMES = """
    PASSWORD DB_PASSWORD_PROD PROD_DB_PASSWORD_V2 DBPASS MYSQL_PWD DB_PW ROOTPW PGPASSWORD dbPassword SMTP_PASSWD
    API_KEY APIkey api.key SECRET_KEY_BASE JWT_SECRET_OLD GITHUB_TOKEN_RO AWS_SECRET_ACCESS_KEY TLS_PRIVATE_KEY
    GPG_PASSPHRASE ADMIN_CREDENTIALS API_KEYS LDAP_BIND_CRED RABBITMQ_ERLANG_COOKIE VPN_IPSEC_PSK
"""
SETTINGS = {
    **dict.fromkeys(NAMES.split(), PLAIN),
    "NEO4J_AUTH": f"neo4j/{PLAIN}",
    "BASIC_AUTH": f"bob:{PLAIN}",
    "REGISTRY_AUTH": LOGIN,
    "SMTP_PIN_PASSWORD": "8675309",
    "LICENSE": f"-----BEGIN PRIVATE KEY-----\n{PART}\n-----END PRIVATE KEY-----",
    "BLOB": PEM,
    "MAPS_KEY": PART + "k",
    "GITHUB_PAT": PART + "k",
    "DATABASE_URL": f"postgres://app:{PLAIN}@db:5432/app",
    "CELERY_BROKER": f"amqp://:{PLAIN}@mq",
    "GO_DSN": f"root:{PLAIN}@tcp(db:3306)/app",
    "SQL": f"Server=db;Database=x;User Id=sa;Password={PLAIN};",
    "ODBC": f"DRIVER=x;SERVER=db;UID=sa;PWD={PLAIN}",
    "PQ": f"host=db user=app password={PLAIN} sslmode=require",
    "JDBC": f"jdbc:mysql://db/app?user=x&password={PLAIN}",
    "AZURE": f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={PLAIN}==;EndpointSuffix=x",
    "JAVA_OPTS": f"-Xmx1g -Ddb.password={PLAIN} -Dapi.key={PLAIN}",
    "ARGS": f"--db-password {PLAIN} --verbose",
    "SPRING_APPLICATION_JSON": json.dumps({"spring.datasource.password": PLAIN}),
    "ESCAPED": json.dumps({"x": json.dumps({"token": PLAIN})}),
    "YAML": f"user: bob\npassword: {PLAIN}\n",
    "SHORT_IN_BASE64": b64encode(f"token={PLAIN}".encode()).decode(),
    "AUTH_HEADER": f"Basic {LOGIN}",
    "HEADER": f"Bearer {PART}",
    "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"reg": {"auth": LOGIN}}}),
    "PIP_INDEX_URL": f"https://{PART}x@pypi.example/simple",
    "traefik.http.middlewares.a.basicauth.users": "bob:$$apr1$$9Cv/OMGj$$ZomWQzuQbL.3TRCS81A1g/",
    "SHADOW": "$6$saltsalt$" + "a1./" * 21 + "ab",
    "SLACK_HOOK": f"https://hooks.slack.com/services/T0000/B0000/{PART}",
}
COMMANDS = """
    kubectl create secret generic x --from-literal=password=HUNTER
    docker run -e DB_PASSWORD=HUNTER x
    java -Djavax.net.ssl.keyStorePassword=HUNTER -jar app.jar
    OPTS="--password=HUNTER" app
    export DB_PASSWORD="HUNTER!@#$%^&*()"
    DB_PASSWORD=$'HUNTER'
    PASSWORD=${PASSWORD:-HUNTER} app
    app --password 'words and HUNTER' --verbose
    redis-cli -h cache -p 6379 -a HUNTER ping
    redis-server --requirepass HUNTER
    npm config set //registry.npmjs.org/:_authToken HUNTER
    echo registry.example:8080/:_authToken=HUNTER > .npmrc
    aws configure set aws_secret_access_key HUNTER
    curl -ubob:HUNTER https://example.com
    curl --user bob:HUNTER https://example.com
    curl -H 'X-Api-Key: HUNTER' https://example.com
    curl -H "Authorization: Token HUNTER" https://example.com
    curl -d '{"password":"HUNTER"}' https://example.com
    curl -d "{\\"password\\": \\"HUNTER\\"}" https://example.com
    wget 'https://example.com/x?access_token=HUNTER'
    mysqladmin -u root -pHUNTER ping
    mongosh -u root -p HUNTER --eval x
    ldapsearch -D cn=x -w HUNTER -b y
    psql -c "ALTER USER bob WITH PASSWORD 'HUNTER'"
    mysql -e "CREATE USER bob IDENTIFIED BY 'HUNTER'"
    echo HUNTER | docker login -u bob --password-stdin
    docker login -u bob -p HUNTER
    echo HUNTER | sudo -S true
    echo 'root:HUNTER' | chpasswd
    echo root:HUNTER | chroot /mnt chpasswd
    chpasswd <<< 'root:HUNTER'
    useradd -p HUNTER app
    sshpass -pHUNTER ssh x
    htpasswd -bc /x bob HUNTER
    zip -P HUNTER x.zip x
    openssl pkcs12 -export -passout pass:HUNTER
    keytool -genkey -storepass HUNTER -keypass HUNTER
    echo "machine github.com login x password HUNTER" > ~/.netrc
    git clone https://oauth2:HUNTER@example.com/x
    mount -t cifs -o username=bob,password=HUNTER //host/share /mnt
    vault login HUNTER
    rabbitmqctl add_user bob HUNTER
    composer config --global http-basic.repo.example.com bob HUNTER
    composer config --global github-oauth.github.com HUNTER
    poetry config pypi-token.pypi HUNTER
    mosquitto_passwd -b /etc/mosquitto/passwd bob HUNTER
    unzip -P HUNTER x.zip
    echo "define('DB_PASSWORD', 'HUNTER');" >> wp-config.php
    echo "bindpw HUNTER" >> /etc/ldap.conf
    echo "DB_PASSWORD: HUNTER" >> /app/config.yml
    echo "<password>HUNTER</password>" > settings.xml
"""
# Not found, and hidden all the same in what is stored of a build step.
HINTS = """
    tool login HUNTER
    tool -P HUNTER
    tool /p:s3cr3tword
    curl -b session=s3cr3tword https://example.com
    echo s3cr3tword | su -c id bob
    su bob -c id <<< s3cr3tword
    wifi password s3cr3tword
    fetch 'https://example.com/x?sig=HUNTER&x=HUNTER'
    printf s3cr3tword>>key
"""
HARMLESS_HINTS = """
    apt-get install -y login libpam0g passwd
    iptables -A DOCKER-USER -j DROP
    wget -P /tmp https://example.com/x1.tgz
    curl -b oraclelicense=accept-securebackup-cookie https://example.com/jdk8.tgz
    docker login registry1.example.com
    chmod u-s /usr/bin/passwd && apt-get upgrade -y
    xargs -P 4 -n 1 rm
    npm config set strict-ssl=false && GIT_SSL_NO_VERIFY=1 apt-get -o AllowUnauthenticated=true update
    echo 'deb http://x/ y1 main' > /etc/apt/sources.list
    PASSWORD=$PASSWORD app --token $TOKEN
"""


def lines(table: str) -> list[str]:
    """Return the lines of a table."""
    return [line.strip().replace("HUNTER", PLAIN) for line in table.strip().split("\n")]


def image_stores(*steps: str, **config: Any) -> tuple[str, str, str]:
    """Return verdict and reason of 4.10 on an image with these steps, and what is stored of it."""
    target = facts(BASE, *steps, config=config)
    return (*verdict("4.10", target), target.recording.answers["images"].stdout)


@pytest.mark.parametrize(("name", "value"), SETTINGS.items())
def test_planted_setting(name: str, value: str) -> None:
    """It is found, and no part of it stays in a text."""
    assert secrets.in_value(name, value)
    kept = secrets.masked(f"{name}='{value}'" if "'" not in value else value)
    assert not [each for each in (PLAIN, LOGIN.rstrip("="), PEM, PART, "ZomWQzuQbL") if each in kept]


@pytest.mark.parametrize("token", TOKENS)
def test_planted_token(token: str) -> None:
    """It is found wherever it stands, and does not stay."""
    assert secrets.in_value("SETTING", token)
    assert secrets.kinds(f"fetch -x {token} y")
    for hide in (secrets.masked, without_known):
        assert token not in hide(f"fetch -x {token} y")


@pytest.mark.parametrize("command", lines(COMMANDS))
def test_planted_command(command: str) -> None:
    """A command that is given a secret is found, also as a list of words."""
    for text in (command, secrets.line_of(["sh", "-c", command])):
        assert secrets.kinds(text)
        assert PLAIN not in secrets.masked(text) + secrets.hidden(text)


@pytest.mark.parametrize("command", lines(HINTS))
def test_hinted_secret_does_not_stay(command: str) -> None:
    """Where such a word often is a secret, it is hidden."""
    kept = secrets.masked(command)
    assert PLAIN not in kept
    assert "s3cr3tword" not in kept


@pytest.mark.parametrize("command", lines(HARMLESS_HINTS))
def test_what_is_judged_stays(command: str) -> None:
    """Words of a build step that are no secret are not hidden."""
    assert secrets.masked(command) == command


@pytest.mark.parametrize(("name", "value"), HARMLESS_SETTINGS)
def test_harmless_setting(name: str, value: str) -> None:
    """What well-known images set is none, nor are references, placeholders, files, switches and numbers."""
    assert secrets.in_value(name, value) == []


@pytest.mark.parametrize("command", HARMLESS_COMMANDS)
def test_harmless_command(command: str) -> None:
    """What well-known images run is none."""
    assert secrets.kinds(command) == []


def test_everywhere_in_an_image_and_a_service() -> None:
    """Wherever a setting or a command stands, it fails, and its secret is not stored."""
    variable, command = f"DB_PASSWORD={PLAIN}", f"app --password={PLAIN}"
    made = [
        image_stores(Env=[variable]),
        image_stores(Labels={"password": PLAIN}),
        image_stores(f"LABEL x=y {variable}"),
        image_stores(f"RUN |2 X=y {variable} /bin/sh -c true # buildkit"),
        image_stores(f"/bin/sh -c #(nop)  CMD [{' '.join(map(json.dumps, command.split()))}]"),
        image_stores(Healthcheck={"Test": ["CMD-SHELL", command]}),
        judge_service(variable),
        judge_service(labels={"password": PLAIN}),
        judge_service(Args=["sh", "-c", command]),
    ]
    assert {found for found, _, _ in made} == {"fail"}
    assert not [kept for _, reason, kept in made if PLAIN in reason + kept]
    assert image_stores("ENV DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x NAME=web")[0] == "pass"


@pytest.mark.parametrize(
    "text",
    [f"fluentd://x?token={PLAIN}", f"https://x/{TOKENS[0]}", f"tcp://me:{PLAIN}@x:1", f"//me:{PLAIN}@x"],
)
def test_secrets_of_a_daemon(text: str) -> None:
    """An address of a log driver is stored without what is secret in it."""
    document = daemon_options.stored_file(json.dumps({"log-opts": {"splunk-url": text}}))
    line = daemon_options.stored_command(["dockerd", f"--log-opt=splunk-url={text}"])
    assert not [each for each in (PLAIN, TOKENS[0]) if each in f"{document} {line}"]
    assert "splunk-url" in str(document)
    assert secrets.HIDDEN in str(line)


def test_long_value_is_hidden_to_its_end() -> None:
    """How far a value is looked at ends no secret."""
    for text in (f"PASSWORD={'x' * 1000}{PLAIN} app", f"app --password '{'x' * 1000}{PLAIN}'"):
        assert PLAIN not in secrets.masked(text)
    assert secrets.masked(f"PASSWORD={'x.' * 500} app") == "PASSWORD=*** app"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a", "b c"], 'a "b c"'),
        (["a", ""], 'a ""'),
        (["A=b c"], 'A="b c"'),
        (["-p b=c"], '"-p b=c"'),
        (['say "b c"'], "'say \"b c\"'"),
    ],
)
def test_words_as_a_line(words: list[str], line: str) -> None:
    """A word with blanks has quotes that are not in it; where it gives a value to a name, the value has them."""
    assert secrets.line_of(words) == line


def test_logins_in_base64() -> None:
    """A user and a password of printable letters; a colon at the beginning has no user before it."""
    for value, expected in {"a:b": True, "ab:\x7f": False, ":b": False, "abcdefgh": False}.items():
        encoded = b64encode(f"{value:<9}".encode()).decode()
        assert secret_values.is_encoded_login(encoded) is expected


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


def test_words_that_are_no_secret_key() -> None:
    """They say so of themselves, as for a build that needs none; a password of such a word is one."""
    for command in (
        "SECRET_KEY_BASE=dummy RAILS_ENV=production bin/rails",
        'JWT_SECRET="dummy-secret" npm ci',
    ):
        assert secrets.masked(command) == command
    assert secrets.in_value("APP_SECRET", "placeholder_key") == []
    assert secrets.in_value("SECRET_KEY", "dummy7") == ["a value given to SECRET_KEY"]
    assert secrets.in_value("DB_PASSWORD", "dummy") == ["a value given to DB_PASSWORD"]
