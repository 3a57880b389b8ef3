#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: registry.sh   (I2KIT: the program; default: the one in $I2KIT_BUILD or build/)
#
# Pulls from Debian's docker-registry on loopback, in a network namespace of its own: http, https
# with a password, cuts, wrong bytes, kills, a full disk, archives and a daemon's socket.
# Needs docker-registry, skopeo, openssl, htpasswd (apache2-utils), python3.
set -u
. "$(dirname "$0")/lib/prologue.sh"
own_network "$@"
here=$top/tests/e2e
need docker-registry skopeo openssl htpasswd python3 "$i2kit"
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	! mountpoint -q "$work/small" || umount "$work/small"
}
export HOME=$work/home XDG_RUNTIME_DIR=$work/run
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_HOST
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
store=$HOME/.local/share/i2kit

fresh() { chmod -R u+w "$store" 2>/dev/null; rm -rf "$store"; }
wait_port() {
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
		sleep 0.1
	done
	echo "# nothing listens on $1"; return 1
}
registry() { # PORT FOLDER EXTRA-YAML
	mkdir -p "$2"
	cat >"$2/config.yml" <<-YAML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $2/data}, delete: {enabled: true}}
		http: {addr: "127.0.0.1:$1"$3}
		$4
	YAML
	docker-registry serve "$2/config.yml" >"$2/log" 2>&1 &
	pids+=($!)
	wait_port "$1"
}
proxy() { # PORT MODE
	: >"$work/requests"
	python3 "$here/cutting_proxy.py" "$1" 5000 "$2" "$work/requests" &
	proxy_pid=$!
	pids+=($proxy_pid)
	wait_port "$1"
}
end_proxy() { kill "$proxy_pid"; wait "$proxy_pid" 2>/dev/null; }

# An image of two layers, made by hand; the second holds 2 MB that do not compress.
python3 - "$work/layout" <<'PY'
import gzip, hashlib, io, json, os, random, sys, tarfile
top = sys.argv[1]
os.makedirs(top + "/blobs/sha256")
def put(data):
    name = hashlib.sha256(data).hexdigest()
    open(f"{top}/blobs/sha256/{name}", "wb").write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in files:
            info = tarfile.TarInfo(name); info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()
random.seed(1)
plain = [tar([("hello", b"world\n")]), tar([("noise", random.randbytes(2000000))])]
layers = []
for i, data in enumerate(plain):
    layer = put(gzip.compress(data, mtime=0))
    layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **layer})
def image(arch):
    config = put(json.dumps({"os": "linux", "architecture": arch, "config": {"Cmd": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(x).hexdigest() for x in plain]}}).encode())
    return put(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config}, "layers": layers}).encode())
kind = "application/vnd.oci.image.manifest.v1+json"
amd, arm = image("amd64"), image("arm64")
index = put(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
    {"mediaType": kind, "platform": {"os": "linux", "architecture": "arm64"}, **arm},
    {"mediaType": kind, "platform": {"os": "linux", "architecture": "amd64"}, **amd}]}).encode())
name = "org.opencontainers.image.ref.name"
json.dump({"schemaVersion": 2, "manifests": [
    {"mediaType": kind, "annotations": {name: "one"}, **amd},
    {"mediaType": kind, "annotations": {name: "arm"}, **arm},
    {"mediaType": "application/vnd.oci.image.index.v1+json", "annotations": {name: "many"}, **index}]},
    open(top + "/index.json", "w"))
open(top + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
PY
copy() { skopeo copy -q --insecure-policy "$@"; }

registry 5000 "$work/plain" "" "" || exit 1
copy --dest-tls-verify=false "oci:$work/layout:one" docker://127.0.0.1:5000/team/app:1 || exit 1
copy --dest-tls-verify=false --all "oci:$work/layout:many" docker://127.0.0.1:5000/team/many:1 || exit 1
copy --dest-tls-verify=false --format v2s2 "oci:$work/layout:one" docker://127.0.0.1:5000/team/docker:1 || exit 1
copy --dest-tls-verify=false --override-arch arm64 "oci:$work/layout:arm" docker://127.0.0.1:5000/team/arm:1 || exit 1
ours() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }

# --- http on loopback
pulled() { [ "$("$i2kit" pull "$1" 2>"$work/err")" = "$1@$2" ] || { cat "$work/err"; return 1; }; }
check "an image comes over http from loopback" pulled 127.0.0.1:5000/team/app:1 "$(ours 127.0.0.1:5000/team/app:1)"
check "everything in the store matches its digest" "$i2kit" images --verify
again_is_quick() {
	proxy 5001 slow:100000000 || return 1
	"$i2kit" pull 127.0.0.1:5001/team/app:1 && [ ! -s "$work/requests" ]
	local result=$?
	end_proxy
	return $result
}
check "layers that are there are not asked for again" again_is_quick
fresh
check "an index is resolved to linux/amd64" pulled 127.0.0.1:5000/team/many:1 "$(ours 127.0.0.1:5000/team/many:1)"
amd64_config() { "$i2kit" images -o json | grep -q "$(skopeo inspect --tls-verify=false --raw docker://127.0.0.1:5000/team/app:1 | sha256sum | cut -c1-64)"; }
check "its manifest is the one for amd64" amd64_config
fresh
check "Docker's manifest schema 2 is understood" pulled 127.0.0.1:5000/team/docker:1 "$(ours 127.0.0.1:5000/team/docker:1)"
refused() { # PATTERN COMMAND…
	local pattern=$1
	shift
	if "$@" >"$work/said" 2>&1; then cat "$work/said"; echo "was accepted"; return 1; fi
	grep -q "$pattern" "$work/said" || { cat "$work/said"; return 1; }
}
check "an image for arm64 is refused by name" refused 'linux/arm64' "$i2kit" pull 127.0.0.1:5000/team/arm:1
check "an unknown tag is named" refused '127.0.0.1:5000 has no manifest 9 of team/app' "$i2kit" pull 127.0.0.1:5000/team/app:9
check "a port where nobody listens is a clear error" refused 'image 127.0.0.1:1/x:latest: ' "$i2kit" pull 127.0.0.1:1/x
by_digest() { "$i2kit" pull "127.0.0.1:5000/team/app@$(ours 127.0.0.1:5000/team/app:1)"; }
check "a digest is pulled" by_digest
check "a digest that is not there is refused" refused 'has no manifest sha256:1111' "$i2kit" pull \
	"127.0.0.1:5000/team/app@sha256:$(printf '1%.0s' $(seq 64))"
check "all zero is no digest" refused 'not all zero' "$i2kit" pull \
	"127.0.0.1:5000/team/app@sha256:$(printf '0%.0s' $(seq 64))"

# --- the lock file
lock() {
	cd "$work" && "$i2kit" pull --lock 127.0.0.1:5000/team/app:1 &&
		grep -q "\"127.0.0.1:5000/team/app:1\": \"$(ours 127.0.0.1:5000/team/app:1)\"" i2kit.lock
}
check "--lock writes the digest to i2kit.lock" lock

from_manifests() {
	mkdir -p "$work/app" && cd "$work/app" &&
		printf 'name: web\ncontainers:\n  a: {image: "127.0.0.1:5000/team/app:1"}\n  b: {image: "127.0.0.1:5000/team/app:1"}\n' >i2kit.yml &&
		[ "$("$i2kit" pull -f i2kit.yml | wc -l)" = 1 ]
}
check "the images of a manifest are pulled, each once" from_manifests

# --- broken transfers
fresh
resumed() {
	proxy 5002 cut:700000 || return 1
	"$i2kit" pull 127.0.0.1:5002/team/app:1 && "$i2kit" images --verify && cat "$work/requests" &&
		grep -q 'bytes=700000-' "$work/requests" && grep -q 'bytes=1400000-' "$work/requests"
	local result=$?
	end_proxy
	return $result
}
check "a cut transfer goes on where it stopped" resumed
fresh
whole_again() {
	proxy 5003 norange || return 1
	"$i2kit" pull 127.0.0.1:5003/team/app:1 && "$i2kit" images --verify
	local result=$?
	end_proxy
	return $result
}
check "a server that knows no ranges is asked from the start" whole_again
fresh
wrong_bytes() {
	proxy 5004 flip || return 1
	refused 'sent other bytes for layer\|its digest is' "$i2kit" pull 127.0.0.1:5004/team/app:1
	local result=$?
	end_proxy
	ls "$store/partial" | grep -q . && { echo "wrong bytes are kept"; return 1; }
	return $result
}
check "one wrong byte is noticed and nothing of it is kept" wrong_bytes
check "after wrong bytes the right ones come" pulled 127.0.0.1:5000/team/app:1 "$(ours 127.0.0.1:5000/team/app:1)"
fresh
busy_server() {
	proxy 5005 fail:3 || return 1
	"$i2kit" pull 127.0.0.1:5005/team/app:1
	local result=$?
	end_proxy
	return $result
}
check "503 is tried again" busy_server

# --- kill -9 at any moment
fresh
killed() {
	proxy 5006 slow:1500000 || return 1
	local after i=0
	for after in 0.05 0.1 0.2 0.3 0.5 0.7; do
		"$i2kit" pull 127.0.0.1:5006/team/app:1 >/dev/null 2>&1 &
		local pid=$!
		sleep "$after"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		"$i2kit" images --verify || { end_proxy; return 1; }
	done
	"$i2kit" pull 127.0.0.1:5006/team/app:1 && "$i2kit" images --verify && cat "$work/requests" &&
		grep -q 'bytes=' "$work/requests" && [ -z "$(ls "$store/tmp" "$store/partial" | grep -v :)" ]
	local result=$?
	end_proxy
	return $result
}
check "kill -9 leaves a good store and the next pull goes on" killed
fresh
two_at_once() {
	proxy 5007 slow:1500000 || return 1
	"$i2kit" pull 127.0.0.1:5007/team/app:1 & local a=$!
	"$i2kit" pull 127.0.0.1:5007/team/app:1 & local b=$!
	wait $a && wait $b && cat "$work/requests" && [ "$(sort "$work/requests" | uniq -d | wc -l)" = 0 ]
	local result=$?
	end_proxy
	return $result
}
check "two pulls at once fetch each blob once" two_at_once
fresh
full_disk() {
	mkdir -p "$work/small" && mount -t tmpfs -o size=1m tmpfs "$work/small" || return 1
	XDG_DATA_HOME=$work/small refused 'i2kit prune' "$i2kit" pull 127.0.0.1:5000/team/app:1 &&
		XDG_DATA_HOME=$work/small "$i2kit" images --verify
	local result=$?
	umount "$work/small"
	return $result
}
check "a full disk says what to do and damages nothing" full_disk

# --- the same for what is built: the store, and the file of -o
base=$I2KIT_BASE
if [ -f "$base/base.json" ]; then
	full_build() {
		local result=0 format
		mkdir -p "$work/app" && printf 'name: web\ncontainers: {a: {image: "127.0.0.1:5000/team/app:1"}}\n' >"$work/app/web.yml"
		mount -t tmpfs -o size=12m tmpfs "$work/small" || return 1
		XDG_DATA_HOME=$work/small refused 'i2kit prune' "$i2kit" build --base "$base" -f "$work/app/web.yml" &&
			XDG_DATA_HOME=$work/small "$i2kit" images --verify || result=1
		[ -z "$(ls "$work/small/i2kit/tmp" "$work/small/i2kit/disks" | grep -v :)" ] || { echo "something is left"; result=1; }
		rm -rf "${work:?}/small/i2kit"
		for format in raw qcow2; do
			refused "disk '$work/small/web.img'.*No space left" "$i2kit" build --base "$base" -f "$work/app/web.yml" \
				-o "$work/small/web.img" --format $format || result=1
			[ -z "$(ls "$work/small")" ] || { echo "something is left"; result=1; }
		done
		umount "$work/small"
		return $result
	}
	check "a build on a full disk says so, names the file, leaves nothing" full_build
fi

# --- TLS with a password
mkdir -p "$work/tls" "$HOME/.docker"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry.test -addext subjectAltName=DNS:registry.test \
	-keyout "$work/tls/key.pem" -out "$work/tls/cert.pem" 2>/dev/null
htpasswd -Bbn user secret >"$work/tls/htpasswd"
printf '127.0.0.1 localhost registry.test\n' >"$work/hosts" && mount --bind "$work/hosts" /etc/hosts
registry 5443 "$work/secure" ", tls: {certificate: $work/tls/cert.pem, key: $work/tls/key.pem}" \
	"auth: {htpasswd: {realm: test, path: $work/tls/htpasswd}}" || exit 1
copy --dest-tls-verify=false --dest-creds user:secret "oci:$work/layout:one" docker://registry.test:5443/app:1 || exit 1
check "an unknown certificate is refused" refused 'ertificate' "$i2kit" pull registry.test:5443/app:1
mkdir -p "$HOME/.config/i2kit/certs.d/registry.test:5443"
cp "$work/tls/cert.pem" "$HOME/.config/i2kit/certs.d/registry.test:5443/ca.crt"
check "without a login the hint says how" refused 'i2kit login registry.test:5443' "$i2kit" pull registry.test:5443/app:1
auth() { printf '{"auths":{"registry.test:5443":{"auth":"%s"}}}' "$(printf '%s' "$1" | base64)" >"$HOME/.docker/config.json"; }
auth user:wrong
check "a wrong password is refused, and whose it is said" refused "user 'user' of $HOME/.docker/config.json" "$i2kit" pull registry.test:5443/app:1
auth user:secret
check "own authority and docker's login are used" "$i2kit" pull registry.test:5443/app:1
fresh
mkdir -p "$work/bin"
cat >"$work/bin/docker-credential-e2e" <<'HELPER'
#!/bin/sh
read -r host
[ "$1 $host" = "get registry.test:5443" ] && echo '{"Username":"user","Secret":"secret"}' && exit 0
echo "credentials not found in native keychain"; exit 1
HELPER
chmod +x "$work/bin/docker-credential-e2e"
printf '{"credHelpers":{"registry.test:5443":"e2e"}}' >"$HOME/.docker/config.json"
PATH=$work/bin:$PATH check "a credential helper is asked" "$i2kit" pull registry.test:5443/app:1
rm "$HOME/.docker/config.json"
fresh
own_login() { printf %s "$1" | "$i2kit" login -u user --password-stdin registry.test:5443; }
rm -f "$HOME/.docker/config.json"
check "login with a wrong password is refused" refused 'wrong user or password' own_login wrong
[ ! -e "$HOME/.docker/config.json" ]
ok $? "and nothing is kept"
check "login" own_login secret
is "$(stat -c %a "$HOME/.docker/config.json")" 600
ok $? "is kept for its owner alone"
fresh
check "and a pull finds it" "$i2kit" pull registry.test:5443/app:1
check "logout" "$i2kit" logout registry.test:5443
fresh
check "forgets it" refused 'i2kit login' "$i2kit" pull registry.test:5443/app:1
mkdir -p "$work/bin"
cat >"$work/bin/docker-credential-shelf" <<-END
	#!/bin/sh
	case \$1 in
	store) cat >$work/shelf ;;
	get) [ -e $work/shelf ] && sed 's/"ServerURL":"[^"]*",//' $work/shelf || { echo "credentials not found"; exit 1; } ;;
	erase) rm -f $work/shelf ;;
	esac
END
chmod +x "$work/bin/docker-credential-shelf"
echo '{"credHelpers":{"registry.test:5443":"shelf"}}' >"$HOME/.docker/config.json"
PATH=$work/bin:$PATH check "a helper keeps the password" own_login secret
grep -q secret "$work/shelf" && ! grep -q '"auth"' "$HOME/.docker/config.json"
ok $? "and the file does not have it"
fresh
PATH=$work/bin:$PATH check "the pull asks the helper" "$i2kit" pull registry.test:5443/app:1
PATH=$work/bin:$PATH check "which forgets it, too" "$i2kit" logout registry.test:5443
[ ! -e "$work/shelf" ]
ok $? "at once"
rm -f "$HOME/.docker/config.json"
login() { echo secret | skopeo login --tls-verify=false -u user --password-stdin registry.test:5443 && "$i2kit" pull registry.test:5443/app:1; }
check "skopeo's login is used" login
rm -rf "$HOME/.config/i2kit/certs.d"
fresh
check "--insecure-registry takes any certificate" "$i2kit" pull --insecure-registry registry.test:5443 registry.test:5443/app:1
check "http to another host needs --insecure-registry" refused 'registry.test:5000' "$i2kit" pull registry.test:5000/team/app:1
check "and goes with it" "$i2kit" pull --insecure-registry registry.test:5000 registry.test:5000/team/app:1

# --- a token server whose tokens are good for three requests; blobs lie on another server, as on S3
python3 - "$work/token.log" <<'PY' &
import http.server, sys, threading, urllib.error, urllib.parse, urllib.request
uses, count, lock = {}, [0], threading.Lock()
class Base(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def reply(self, status, body, *headers):
        self.send_response(status)
        for h in headers: self.send_header(*h)
        self.send_header("Content-Length", str(len(body))); self.end_headers()
        if self.command != "HEAD": self.wfile.write(body)
    def do_HEAD(self): self.do_GET()
    def forward(self):
        try:
            with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:5000" + self.path, method=self.command,
                    headers={"Accept": self.headers.get("Accept", "*/*")})) as r:
                keep = [(k, v) for k, v in r.headers.items() if k.lower() in ("content-type", "docker-content-digest")]
                self.reply(r.status, r.read(), *keep)
        except urllib.error.HTTPError as e:
            self.reply(e.code, e.read())
class Storage(Base):
    def do_GET(self):
        # As Amazon's storage: an Authorization that is not its own is an error.
        if self.headers.get("Authorization"): return self.reply(400, b"Only one auth mechanism allowed")
        self.forward()
class Token(Base):
    def token(self, line):
        with lock:
            open(sys.argv[1], "a").write(line + " " + self.headers.get("Authorization", "-") + "\n")
            count[0] += 1
            uses[f"t.{count[0]}"] = 3
            self.reply(200, b'{"token":"t.%d"}' % count[0])
    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.token("POST " + form)
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/token": return self.token("GET " + urllib.parse.unquote(url.query))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with lock:
            good = uses.get(token, 0) > 0
            if good: uses[token] -= 1
        if not good:
            return self.reply(401, b"{}", ("WWW-Authenticate",
                'Bearer realm="http://127.0.0.1:5010/token",service="e2e",scope="repository:team/app:pull"'))
        if "/blobs/" in self.path:
            return self.reply(307, b"", ("Location", "http://127.0.0.1:5011" + self.path))
        self.forward()
threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", 5011), Storage).serve_forever, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", 5010), Token).serve_forever()
PY
pids+=($!)
wait_port 5010
token_pull() { # PATTERN for the token server's log
	fresh
	: >"$work/token.log"
	"$i2kit" pull 127.0.0.1:5010/team/app:1 && cat "$work/token.log" && grep -q "$1" "$work/token.log"
}
check "a token is fetched, again when it has run out, and is not sent to where blobs lie" \
	token_pull 'GET service=e2e&scope=repository:team/app:pull -'
renewed() { [ "$(wc -l <"$work/token.log")" -ge 2 ]; }
check "more than one token was needed" renewed
auth_entry() { printf '{"auths":{"127.0.0.1:5010":{%s}}}' "$1" >"$HOME/.docker/config.json"; }
auth_entry "\"auth\":\"$(printf user:secret | base64)\""
check "a password goes to the token server" token_pull "Basic $(printf user:secret | base64)"
auth_entry '"auth":"PHRva2VuPjo=","identitytoken":"long-lived"'
check "an identity token is traded in" token_pull 'POST grant_type=refresh_token&.*&refresh_token=long-lived -'
rm "$HOME/.docker/config.json"

# --- other compressions
fresh
copy --dest-tls-verify=false --dest-compress-format zstd --dest-compress "oci:$work/layout:one" docker://127.0.0.1:5000/team/zstd:1 || exit 1
copy --dest-decompress "oci:$work/layout:one" "dir:$work/plain-image" || exit 1
copy --dest-tls-verify=false "dir:$work/plain-image" docker://127.0.0.1:5000/team/plain:1 || exit 1
check "layers packed with zstd" "$i2kit" pull 127.0.0.1:5000/team/zstd:1
check "layers that are not packed" "$i2kit" pull 127.0.0.1:5000/team/plain:1

# --- Ctrl-C
fresh
interrupted() {
	proxy 5009 slow:300000 || return 1
	"$i2kit" pull 127.0.0.1:5009/team/app:1 2>"$work/err" &
	local pid=$! start=$SECONDS
	sleep 1
	kill -TERM $pid
	wait $pid
	local result=$?
	end_proxy
	cat "$work/err"
	[ $result = 1 ] && [ $((SECONDS - start)) -lt 4 ] && grep -q cancelled "$work/err" && ls "$store/partial" | grep -q .
}
check "an interrupt stops at once and keeps what has come" interrupted
check "and the next pull takes it from there" "$i2kit" pull 127.0.0.1:5000/team/app:1

# --- mirrors
fresh
printf '{"registries":[{"host":"docker.io","mirrors":["http://127.0.0.1:1","http://127.0.0.1:5000/team"]}]}' >"$HOME/.config/i2kit/registries.json"
copy --dest-tls-verify=false "oci:$work/layout:one" docker://127.0.0.1:5000/team/library/app:1 || exit 1
check "a mirror stands in, and a dead one is passed over" "$i2kit" pull app:1
rm "$HOME/.config/i2kit/registries.json"

# --- archives
fresh
copy "oci:$work/layout:one" "oci-archive:$work/oci.tar:one" || exit 1
copy "oci:$work/layout:one" "docker-archive:$work/docker.tar:app:1" || exit 1
check "oci-archive" "$i2kit" pull "oci-archive:$work/oci.tar"
check "docker-archive" "$i2kit" pull "docker-archive:$work/docker.tar:app:1"
check "an unknown name in an archive lists what there is" refused 'app:1' "$i2kit" pull "docker-archive:$work/docker.tar:other"
head -c 1500000 "$work/docker.tar" >"$work/cut.tar"
check "a cut archive is refused" refused 'not a whole tar\|ends early\|truncated\|Truncated' "$i2kit" pull "docker-archive:$work/cut.tar"
check "the store is whole after that" "$i2kit" images --verify

# --- a daemon's socket
python3 - "$work/docker.sock" "$work/docker.tar" "$work/daemon.log" <<'PY' &
import http.server, os, socketserver, sys
sock, tar, log = sys.argv[1:]
class Daemon(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def address_string(self): return "unix"
    def do_GET(self):
        open(log, "a").write(self.path + "\n")
        if self.path == "/images/app:1/json":
            body = b'{"Id":"sha256:' + b"1" * 64 + b'"}'
        elif self.path == "/images/app:1/get":
            body = open(tar, "rb").read()
        else:
            self.send_response(404); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"{}"); return
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass
Server(sock, Daemon).serve_forever()
PY
pids+=($!)
for _ in $(seq 50); do [ -S "$work/docker.sock" ] && break; sleep 0.1; done
fresh
export DOCKER_HOST=unix://$work/docker.sock
daemon() { "$i2kit" pull docker-daemon:app:1 && "$i2kit" pull docker-daemon:app:1 && cat "$work/daemon.log" && [ "$(grep -c get "$work/daemon.log")" = 1 ]; }
check "docker-daemon, and an unchanged image only once" daemon
check "a name the daemon does not know" refused 'no such image' "$i2kit" pull docker-daemon:nothing
unset DOCKER_HOST
check "podman's CONTAINER_HOST is looked at too" env "CONTAINER_HOST=unix://$work/docker.sock" "$i2kit" pull docker-daemon:app:1

# --- prune
kept() { "$i2kit" prune -o json | grep -q '"removed":\[\]'; }
check "prune keeps what is named" kept
"$i2kit" pull 127.0.0.1:5000/team/app:1 >/dev/null 2>&1
all_gone() { "$i2kit" prune --all && [ -z "$(ls "$store/blobs/sha256")" ]; }
check "prune --all empties a store that nobody uses" all_gone
busy_store() {
	proxy 5008 slow:1500000 || return 1
	"$i2kit" pull 127.0.0.1:5008/team/app:1 >/dev/null 2>&1 &
	local pid=$!
	sleep 0.5
	refused 'in use' "$i2kit" prune --all
	local result=$?
	wait $pid || result=1
	end_proxy
	return $result
}
check "prune does not take things from under a pull" busy_store

finished
