"""Secrets in files of settings, in the formats of many programs; ordinary files of the same programs have none."""

from __future__ import annotations

import time

import pytest

from hullcheck.secrets import kinds_in_file

SECRETS = r"""
db.example.com:5432:shop:app:Hunter2secret
*:*:*:postgres:Hunter2secret
user alice on >Hunter2pw ~cached:* +get
user worker on #5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99 ~* +@all
$dbpassword = 'Hunter2pw';
$CONFIG = array ('dbpassword' => 'Hunter2pw');
const dbPassword = 'Hunter2pw';
key "rndc-key" { algorithm hmac-sha256;¶  secret "kq3jf9a0s8dfj3k4j5n3m2==";¶};
protocol bgp x { password "Hunter2pw"; }
 neighbor 10.0.0.1 password Hunter2pw
1 SHA1 HEX:1dc764e0791b11fa67efc7ecbc4b0d73f68a070c
1 M Hunter2pw
createUser bob SHA Hunter2pass AES Hunter2priv
rocommunity s3cr3tcomm 10.0.0.0/8
[smtp.example.com]:587 user@example.com:Hunter2pw
smtp.example.com user@example.com:Hunter2pw
admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=
bob:{PLAIN}Hunter2pw:1000:1000::/home/bob
bob:{BLF-CRYPT}$2y$05$Hunter2pwHunter2pw
alice:$7$101$abcdABCDabcdABCD$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUV==
pbkdf2_sha256$260000$salt12$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs=
"app" "md5abcdef0123456789abcdef0123456789"
"app" "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVk:c2VydmVy"
{"users":[{"name":"admin","password_hash":"kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30"}]}
<password_sha256_hex>65e84be33532fb784c48129675f9eff3a682b27168c0ea744b2cf58ee02337c5</password_sha256_hex>
- name: DB_PASSWORD¶  value: Hunter2pw
<add key="DbPassword" value="Hunter2pw" />
<add value="Hunter2pw" key="DbPassword" />
[{"value": "Hunter2pw", "name": "DB_PASSWORD"}]
- value: Hunter2pw¶  name: DB_PASSWORD
<property><name>fs.s3a.secret.key</name><value>Hunter2pwabc123XYZ</value></property>
proxy_set_header X-Api-Key "abcdef0123456789abcdef";
fastcgi_param DB_PASSWORD Hunter2pw;
env[DB_PASSWORD] = Hunter2pw
SetEnv DB_PASSWORD Hunter2pw
AuthLDAPBindPassword "Hunter2pw"
bindpw Hunter2pw
ldap_default_authtok = Hunter2pw
remote_password Hunter2pw
  HTTP_Passwd Hunter2pw
  shared_key Hunter2pwabc
10.0.0.1 10.0.0.2 : PSK "Hunter2pw"
user=alice:0xbc807ee29df3c9ffa736523fb2c4e8ee
DigestLoginModule required¶  user_super="Hunter2pw";
tls { dns cloudflare abcdefghij0123456789ABCDEFGHIJ0123456789 }
SQLConnectInfo db@localhost user Hunter2pw
sentinel auth-pass mymaster Hunter2pw
register => 100:Hunter2pw@sip.example.com/100
MONITOR ups@localhost 1 bob Hunter2pw master
 allow admin:Hunter2pw
poll mail.x proto imap user bob pass Hunter2pw
poll mail.x¶  user bob there with password Hunter2pw
password = "%(Hunter2pw"
my_server_token Hunter2pw
SetCredential=db:Hunter2pw
secrets:¶  db-password: Hunter2pw
OIDCCryptoPassphrase "Hunter2pw /x"
profile::db::password: Hunter2pw
server { encrypt = "cg8StVXbQJ0gPvMd9o7yrg==" }
nkey: SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY
https://x.blob.core.windows.net/c?sv=2020-08-04&ss=b&sig=abcd1234abcd1234abcd1234abcd1234abcd%3D
{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"X4cTteJYgn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoV"}
{"k":"X4cTteJYgn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoV","kty":"oct"}
-----BEGIN OpenVPN Static key V1-----¶6acef03f62675b4b1bbd03e53b187727¶-----END OpenVPN Static key V1-----
""".strip().split("\n")
"""One file in each line, in which `¶` ends the lines of the file."""

HARMLESS = {
    "nginx": r"""
fastcgi_pass unix:/run/php/php-fpm.sock;
fastcgi_pass php:9000; uwsgi_pass app:3031;
proxy_pass backend;
proxy_pass http://backend;
fastcgi_param DB_PASSWORD_FILE /run/secrets/db;
proxy_set_header Authorization $http_authorization;
proxy_set_header X-Api-Key "";
proxy_pass_header X-Auth-Token;
add_header Access-Control-Allow-Headers "Authorization, X-Api-Key, X-Auth-Token";
set $auth_token "";
set $token $arg_token;
server_tokens build;
allow 2001:db8::/32; allow fe80::/10;
    allow fd00:abcd::1;
""",
    "apache": r"""
ProxyPass / http://app:8080/
ProxyPass http://app:8080/
ProxyPass unix:/run/php.sock|fcgi://localhost/
PassEnv DB_PASSWORD
SetEnv DB_PASSWORD_FILE /run/secrets/x
AuthLDAPBindPassword exec:/run/secrets/x
AuthLDAPBindPassword "exec:/bin/cat /run/secrets/x"
ServerTokens Prod
""",
    "prometheus": r"""
authorization: {type: Bearer, credentials_file: /run/secrets/prom_token}
- action: labeldrop
  regex: password|token|secret
""",
    "traefik": r"""
basicAuth: {usersFile: /run/secrets/users}
forwardAuth: {address: "http://auth:9091/api/verify", authResponseHeaders: [Remote-User, X-Auth-Token]}
""",
    "haproxy": r"""
user admin password "${ADMIN_HASH}"
http-request set-header X-Token %[var(txn.token)]
use_backend token if has_token
backend token
""",
    "PAM": r"""
auth sufficient pam_unix.so try_first_pass nullok
password sufficient pam_unix.so sha512 shadow use_authtok
password include system-auth
-password optional pam_gnome_keyring.so use_authtok
""",
    "nsswitch": "passwd:         files systemd\npasswd: sss files systemd\npasswd:\tldap files\nshadow: files\n",
    "accounts": "root:x:0:0:root:/root:/bin/bash\napp:!:19000:0:99999:7:::\napp:100000:65536\n",
    "pg_hba": "host all all 0.0.0.0/0 scram-sha-256\nhost token secret 10.0.0.0/8 password\n",
    "SQL": """
CREATE TABLE users (
  password varchar(60) NOT NULL,
  token uuid,
  api_key text
);
""",
    "redis": "user default off\nuser app on >${REDIS_PW} ~app:* +@all\naclfile /run/secrets/users.acl\n",
    "PHP": r"""
$db_password = getenv('DB_PASSWORD');
'password' => env('DB_PASSWORD', ''), 'passwords' => 'users', 'token' => getenv('TOKEN'),
""",
    "php.ini": "mysqli.default_pw =\nmail.add_x_header = Off\n",
    "logstash": 'match => { "message" => "password=%{WORD:password}" } password => "${ES_PW}"\n',
    "fluentd": """
  remove_keys password,token
  time_key time
  shared_key "#{ENV['SHARED_KEY']}"
""",
    "fluent-bit": """
    Rename pwd password
    Kube_Token_TTL 600
    HTTP_Passwd ${ES_PASSWORD}
    tls.key_passwd
    Tls On
""",
    "postfix": "smtp_sasl_password_maps = hash:/run/secrets/sasl_passwd\nsmtp_sasl_auth_enable = yes\n",
    "dovecot": """
default_password_scheme = SHA512-CRYPT
password_query = SELECT username, password FROM mailbox WHERE username = '%u'
password_query = SELECT username, domain, password FROM users WHERE username = '%n'
default_fields = nopassword=y
auth_verbose_passwords = sha1:6
""",
    "openvpn": "auth SHA256\nauth-user-pass login\nsecret static.key\n",
    "grafana": "password_hint = password\nadmin_password = $__file{/run/secrets/x}\n",
    "otel": "- key: password\n  action: delete\n- key: db.secret\n  value: redacted\n",
    "OpenAPI": "apiKey: {type: apiKey, in: header}\npassword:\n  type: string\n",
    "uwsgi": "user = 1000:1000\nuser = www-data:www-data\n",
    "Kubernetes": "env:\n- name: A\n  value: x1\n- name: DB_PASSWORD\n  valueFrom: {secretKeyRef: {name: db}}\n",
    "Kubernetes as JSON": '[{"name": "A", "value": "x1"}, {"name": "DB_PASSWORD", "valueFrom": {}}]',
    "swarm": '[db]\npassword = {{ secret "db" }}\nTOKEN={{ env "TOKEN" }}\n{{ secret "db" }}\n',
    "images": "image nginx:latest\nimage: nginx@sha256:65e84be33532fb784c48129675f9eff3a682b27168c0ea744b2cf58e\n",
    "bind": 'trust-anchors { . static-key 257 3 8 "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"; };\n',
    "ldap": "pam_password exop\nldap_default_authtok_type = obfuscated_password\n",
    "JWKS": '{"keys":[{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx","e":"AQAB"}]}',
    "telegraf": 'token = "@{secretstore:influx}"\n',
    "compose": "secrets:\n  db-password:\n    file: db/password.txt\n  api-token:\n    external: true\n",
    "etcd": "initial-cluster-token: 'etcd-cluster-1'\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-1\n",
    "mariadb": "validate_password=FORCE_PLUS_PERMANENT\n",
    "openssl": "secret = # disable PBM\n",
    "rabbitmq": "password_hashing_module = rabbit_password_hashing_sha512\nssl_options.password = encrypted:aGk=\n",
    "roundcube": "$config['smtp_pass'] = '%p';\n",
    "supervisor": "password = %(ENV_SUPERVISOR_PASSWORD)s\n",
    "systemd": "LoadCredential=password:/etc/app/password\nImportCredential=app.*\n",
    "zabbix": "TLSCipherPSK13=TLS_CHACHA20_POLY1305_SHA256\n",
    "Spring": "spring.security.user.password=@app.password@\n",
    "Java": "jdk.http.ntlm.transparentAuth=disabled\n",
    "RADIUS": "pam_auth = radiusd\nmod_post_auth = radiusd_test\n",
    ".NET": '<section name="x" type="A, B, PublicKeyToken=b77a5c561934e089"/>\n',
    "services": "kpasswd\t\t464/tcp\nlogin\t\t513/tcp\n",
    "text": "username and password are those of LDAP\n[1] https://www.example.com/x\n",
    "JSON Schema": '{"properties":{"password":{"type":"string"},"token":{"$ref":"#/x"}},"required":["password"]}',
    "latin-1": "# für alle\nlisten 80;\n",
    "empty": "",
}


@pytest.mark.parametrize("text", SECRETS)
def test_secret(text: str) -> None:
    """It is found in the format of its program, also among comments."""
    assert kinds_in_file(f"# a comment\n{text}\n".replace("¶", "\n").encode())


SPELLINGS = r"""
x: &p Hunter2pw¶password: *p
x: &p "Hunter2 pw"¶db: {user: app, password: *p}
{"pass\u0077ord": "Hunter2pw"}
{"\u0070assword":"\u0048unter2pw"}
"pass\x77ord": Hunter2pw
password={{ "Hunter2pw" }}
password={{- `Hunter2pw` -}}
password = "{{ printf "%s" "Hunter2pw" }}"
password={{ "Hunter" }}2pw
{{ $p := "Hunter2pw" }}password={{ $p }}
{{ "password" }}=Hunter2pw
pass{{/* nothing */}}word=Hunter2pw
password={{ if true }}Hunter2pw{{ end }}
<password><![CDATA[Hunter2pw]]></password>
password:¶  Hunter2pw
? password¶: Hunter2pw
password: [Hunter2pw]
password:¶  - Hunter2pw¶  - Swordf1sh
{"db": {"password": [¶"Hunter2pw"]}}
password = '''¶Hunter2pw'''
password = ["Hunter2pw",¶ "Swordf1sh"]
password = \¶  Hunter2pw
{{ range .Hosts }}¶password:¶  - Hunter2pw¶{{ end }}
url: {{ .Url }}¶password:¶  - Hunter2pw
password:¶  - Hunter2pw¶x: %y
password: {alice: Hunter2pw}
password: {value: Hunter2pw}
[password]¶alice = "Hunter2pw"
{"password": {"db": "Hunter2pw"}}
""".strip().split("\n")


@pytest.mark.parametrize("text", SPELLINGS)
def test_spelling(text: str) -> None:
    """A secret is found whatever way the format of the file has to write it."""
    assert kinds_in_file(text.replace("¶", "\n").encode()) == ["a value given to password"]


@pytest.mark.parametrize(
    "text",
    [
        "x: &p ${PASSWORD}\npassword: *p\n",
        "x: &x\n  a: 1\npassword: *x\n",
        "x: &x name: db\npassword: *x\n",
        'password={{ printf "%s" (env "PASSWORD") }}\n',
        'password={{ if eq .Service.Name "db" }}{{ secret "a" }}{{ else }}{{ secret "b" }}{{ end }}\n',
        '{{ $p := secret "db" }}password={{ $p }}\n',
        "password=<![CDATA[]]>\n",
        "password: [/run/secrets/db]\n",
        "password:\n  - ${PASSWORD}\n",
        "password:\n  file: /run/secrets/db\n",
        "services: {web: {secrets: [db-password1]}}\n",
        "secrets: {db: {name: Shop-Db1}, own: {file: ./Own1.txt}}\n",
        "imagePullSecrets: [regcred-prod-1]\ntoken_policies: [app-read-1]\n",
        "password_attributes: [userPassword]\n",
        "[testenv]\npass_env =\n    CI\ncommands = x {posargs}\n",
        "password: {policy: strong1, min_length: 8}\n",
        "password: {min_length: 8}\nwords: [Hunter2pw]\n",
        '{"autoload": {"Shop\\\\Auth\\\\": "lib"}}\n',
        "[" * 1000 + "\n",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    ],
)
def test_spelling_of_a_reference(text: str) -> None:
    """What comes from elsewhere is no secret in any of these."""
    assert kinds_in_file(text.encode()) == []


@pytest.mark.parametrize("program", HARMLESS)
def test_ordinary_file(program: str) -> None:
    """References to secrets, names of them and directives that sound like some are none."""
    assert kinds_in_file(HARMLESS[program].encode("latin-1")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b\x08\x00packed",
        b"0\x82\x0a\x01\x02\x01\x030 a PKCS #12 store",
        b"kq3jf9a0s8dfj3k4j5n3m2kq3jf9a0s8\ndfj3k4j5n3m2kq3jf9a0s8dfj3k4j5n3m2==\n",
        b"# requirepass Hunter2pw\nport 6379\n",
        b"; password = Hunter2pw\n",
        b"auth_tokens: [swordfish-1]\n",
        b"passwords:\n  - swordfish1\n",
        b"<settings>\n<!-- <server>\n<password>Hunter2pw</password>\n</server> -->\n</settings>\n",
    ],
)
def test_left_to_a_person(content: bytes) -> None:
    """What is no text, a random word as a whole, and what a comment says."""
    assert kinds_in_file(content) is None


def test_text_of_windows() -> None:
    """A text with a mark of its byte order is read as its editor wrote it."""
    for encoding in ("utf-16", "utf-8-sig"):
        assert kinds_in_file("password = Hunter2pw\r\n".encode(encoding)) == ["a value given to password"]


@pytest.mark.timed
def test_text_of_blanks() -> None:
    """The largest text that is searched is done within seconds."""
    begin = time.process_time()
    assert kinds_in_file(b" " * (1 << 16)) == []
    assert time.process_time() - begin < 10
