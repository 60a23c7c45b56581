"""Secrets in files of settings; ordinary files of well-known programs have none."""

from __future__ import annotations

import pytest

from hullcheck.secrets import kinds_in_file

SECRETS = r"""
const dbPassword = 'Hunter2pw';
ldap_default_authtok = Hunter2pw
secrets:¶  db-password: Hunter2pw
admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=
<password>Hunter2pw</password>
{"db": {"password": "Hunter2pw"}}
url: postgres://app:Hunter2pw@db/app
-----BEGIN PRIVATE KEY-----¶6acef03f62675b4b1bbd03e53b187727¶-----END PRIVATE KEY-----
""".strip().split("\n")
"""One file in each line, in which `¶` ends the lines of the file."""
DOUBTS = r"""
$dbpassword = 'Hunter2pw';
SetEnv DB_PASSWORD Hunter2pw
password: [Hunter2pw]
<add key="DbPassword" value="Hunter2pw" />
# requirepass Hunter2pw
; password = Hunter2pw
<settings>¶<!-- <server>¶<password>Hunter2pw</password>¶</server> -->¶</settings>
kq3jf9a0s8dfj3k4j5n3m2kq3jf9a0s8¶dfj3k4j5n3m2kq3jf9a0s8dfj3k4j5n3m2==
""".strip().split("\n")

HARMLESS = {
    "nginx": r"""
fastcgi_pass unix:/run/php/php-fpm.sock;
proxy_pass http://backend;
fastcgi_param DB_PASSWORD_FILE /run/secrets/db;
proxy_set_header Authorization $http_authorization;
proxy_pass_header X-Auth-Token;
add_header Access-Control-Allow-Headers "Authorization, X-Api-Key, X-Auth-Token";
set $auth_token "";
server_tokens build;
""",
    "apache": "ProxyPass / http://app:8080/\nPassEnv DB_PASSWORD\nServerTokens Prod\n",
    "traefik": "basicAuth: {usersFile: /run/secrets/users}\n",
    "PAM": "password sufficient pam_unix.so sha512 shadow\n-password optional pam_gnome_keyring.so use_authtok\n",
    "nsswitch": "passwd:         files systemd\npasswd: sss files systemd\nshadow: files\n",
    "accounts": "root:x:0:0:root:/root:/bin/bash\napp:!:19000:0:99999:7:::\n",
    "SQL": "CREATE TABLE users (\n  password varchar(60) NOT NULL,\n  token uuid\n);\n",
    "redis": "user app on >${REDIS_PW} ~app:* +@all\naclfile /run/secrets/users.acl\n",
    "PHP": "$db_password = getenv('DB_PASSWORD');\n'password' => env('DB_PASSWORD', ''),\n",
    "swarm": '[db]\npassword = {{ secret "db" }}\nTOKEN={{ env "TOKEN" }}\n',
    "images": "image: nginx@sha256:65e84be33532fb784c48129675f9eff3a682b27168c0ea744b2cf58e\n",
    "etcd": "initial-cluster-token: 'etcd-cluster-1'\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-1\n",
    ".NET": '<section name="x" type="A, B, PublicKeyToken=b77a5c561934e089"/>\n',
    "JSON Schema": '{"properties":{"password":{"type":"string"}},"required":["password"]}',
    "latin-1": "# für alle\nlisten 80;\n",
}


@pytest.mark.parametrize("text", SECRETS)
def test_secret(text: str) -> None:
    """It is found, also among comments, and in a text of Windows."""
    whole = f"# a comment\n{text}\n".replace("¶", "\n")
    assert kinds_in_file(whole.encode())
    assert kinds_in_file(whole.encode("utf-16"))


@pytest.mark.parametrize("text", DOUBTS)
def test_left_to_a_person(text: str) -> None:
    """What a comment says, a word like a password beside the name of one, a random word as a whole, and no text."""
    assert kinds_in_file(f"{text}\n".replace("¶", "\n").encode()) is None
    assert kinds_in_file(b"\x1f\x8b\x08\x00packed") is None


@pytest.mark.parametrize("program", HARMLESS)
def test_ordinary_file(program: str) -> None:
    """References to secrets, names of them and directives that sound like some are none."""
    assert kinds_in_file(HARMLESS[program].encode("latin-1")) == []
