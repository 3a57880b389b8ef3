#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: signatures.sh   (I2KIT: the program; default: the one in $I2KIT_BUILD or build/)
#
# Whose signatures images need: policy.json and registries.d as skopeo reads them, OpenPGP signatures that skopeo
# made and sigstore's as cosign makes them (Debian's skopeo has sigstore switched off), from Debian's docker-registry on loopback. Each policy of the
# table is asked of skopeo, too. Needs docker-registry, skopeo, gpg, gpgv, openssl, python3.
set -u
. "$(dirname "$0")/lib/prologue.sh"
own_network "$@"
here=$top/tests/e2e
need docker-registry skopeo gpg gpgv openssl python3 "$i2kit"
pids=()
cleanup() {
	gpgconf --kill all
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
}
export HOME=$work/home XDG_RUNTIME_DIR=$work/run GNUPGHOME=$work/gnupg
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_HOST
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
containers=$HOME/.config/containers
mkdir -p "$containers/registries.d" "$XDG_RUNTIME_DIR" "$work/lookaside"
mkdir -m 700 "$GNUPGHOME"
store=$HOME/.local/share/i2kit
fresh() { chmod -R u+w "$store" 2>/dev/null; rm -rf "$store"; }

mkdir "$work/registry"
cat >"$work/registry/config.yml" <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry/data}}
http: {addr: "127.0.0.1:5000"}
YAML
docker-registry serve "$work/registry/config.yml" >"$work/registry/log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	(exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null && break
	sleep 0.1
done

python3 - "$work/layout" <<'PY'
import gzip, hashlib, io, json, os, sys, tarfile
top = sys.argv[1]
os.makedirs(top + "/blobs/sha256")
def put(data):
    name = hashlib.sha256(data).hexdigest()
    open(f"{top}/blobs/sha256/{name}", "wb").write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
entries = []
for name in ("one", "two"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        info = tarfile.TarInfo("hello"); info.size = 3
        t.addfile(info, io.BytesIO(name.encode()))
    plain = out.getvalue()
    layer = put(gzip.compress(plain, mtime=0))
    config = put(json.dumps({"os": "linux", "architecture": "amd64", "config": {"Cmd": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]}}).encode())
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = put(json.dumps({"schemaVersion": 2, "mediaType": kind,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **layer}]}).encode())
    entries.append({"mediaType": kind, "annotations": {"org.opencontainers.image.ref.name": name}, **manifest})
json.dump({"schemaVersion": 2, "manifests": entries}, open(top + "/index.json", "w"))
open(top + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
PY

# --- keys and signatures
for name in alice bob; do
	gpg --batch --quiet --passphrase '' --quick-gen-key "$name@example.com" rsa2048 sign never 2>/dev/null || exit 1
	gpg --export "$name@example.com" >"$work/$name.gpg"
	gpg --armor --export "$name@example.com" >"$work/$name.asc"
done
for name in first second log; do python3 "$here/signatures.py" key "$work/$name" || exit 1; done
cp "$work/first.pub" "$work/cosign.pub"
registries() { # USE
	printf 'default-docker:\n  lookaside: file://%s/lookaside\n  use-sigstore-attachments: %s\n' "$work" "$1" >"$containers/registries.d/test.yaml"
}
registries true
host=127.0.0.1:5000
copy() { skopeo copy -q --insecure-policy --dest-tls-verify=false "$@"; }
copy "oci:$work/layout:one" docker://$host/team/plain:1 || exit 1
copy --sign-by alice@example.com "oci:$work/layout:one" docker://$host/team/pgp:1 || exit 1
copy "oci:$work/layout:one" docker://$host/team/sigstore:1 || exit 1
# Signed as 1, and found as 2; signed, and its bytes replaced by others.
skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false docker://$host/team/pgp:1 docker://$host/team/pgp:2 || exit 1
copy "oci:$work/layout:two" docker://$host/team/sigstore:other || exit 1
digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }
one=$(digest $host/team/plain:1)
python3 "$here/signatures.py" attach $host team/sigstore "$one" $host/team/sigstore:1 "$work/first.pem" "$work/first.pub" || exit 1
copy "oci:$work/layout:one" docker://$host/team/cosign:1 || exit 1
python3 "$here/signatures.py" attach $host team/cosign "$one" $host/team/cosign "$work/first.pem" "$work/first.pub" || exit 1
openssl genpkey -algorithm ED25519 -out "$work/ed.pem" && openssl pkey -in "$work/ed.pem" -pubout -out "$work/ed.pub"
copy "oci:$work/layout:one" docker://$host/team/ed:1 || exit 1
python3 "$here/signatures.py" attach $host team/ed "$one" $host/team/ed "$work/ed.pem" "$work/ed.pub" || exit 1
copy "oci:$work/layout:one" docker://$host/team/logged:1 || exit 1
python3 "$here/signatures.py" attach $host team/logged "$one" $host/team/logged "$work/first.pem" "$work/first.pub" "$work/log.pem" || exit 1
copy "oci:$work/layout:one" docker://$host/team/mislogged:1 || exit 1
python3 "$here/signatures.py" attach $host team/mislogged "$one" $host/team/mislogged "$work/first.pem" "$work/first.pub" "$work/log.pem" wrong || exit 1

policy() { printf '%s' "$1" >"$containers/policy.json"; }
rule() { policy "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"$host\":[$1]}}}"; }
pull() { "$i2kit" pull "$@"; }
pgp() { printf '{"type":"signedBy","keyType":"GPGKeys","keyPath":"%s"%s}' "$work/$1" "${2:-}"; }
sigstore() { printf '{"type":"sigstoreSigned","keyPath":"%s"%s}' "$work/$1" "${2:-}"; }
identity() { printf ',"signedIdentity":{"type":"%s"%s}' "$1" "${2:-}"; }

refused() { # PATTERN COMMAND…
	local pattern=$1
	shift
	if "$@" >"$work/said" 2>&1; then cat "$work/said"; echo "was accepted"; return 1; fi
	grep -q "$pattern" "$work/said" || { cat "$work/said"; return 1; }
}

# --- one by one
rm -f "$containers/policy.json"
rule '{"type":"reject"}'
check "an image that is rejected does not come in" refused 'rejects it' pull $host/team/plain:1
check "and policy says so" refused 'reject' "$i2kit" policy $host/team/plain:1
[ -z "$(ls "$store/refs" 2>/dev/null)" ]
ok $? "nothing of it is known"
rule "$(pgp alice.gpg)"
check "OpenPGP by skopeo" pull $host/team/pgp:1
shown() { "$i2kit" policy $host/team/pgp:1 | tee "$work/shown" && grep -q "checked    signedBy $(gpg --with-colons --list-keys alice | sed -n 's/^fpr:*\([0-9A-F]*\):/\1/p' | head -1)" "$work/shown"; }
check "policy says whose signature was found" shown
check "without a signature" refused 'requires a signature' pull $host/team/plain:1
rule "$(pgp bob.gpg)"
check "of another key" refused 'another key' pull $host/team/pgp:1
stored() { "$i2kit" pull --policy missing $host/team/pgp:1; }
check "an image that is here is looked at again when the rule has changed" refused 'another key' stored
never() { "$i2kit" pull --policy never $host/team/pgp:1; }
check "also where nobody may be asked" refused 'was not checked yet' never
rule "$(pgp alice.asc)"
check "armoured keys" pull $host/team/pgp:1
check "the signature is for another tag" refused "for the name '$host/team/pgp:1'" pull $host/team/pgp:2
rule "$(sigstore first.pub)"
check "sigstore with tag" pull $host/team/sigstore:1
check "another image under the same name" refused 'requires a signature' pull $host/team/sigstore:other
rule "$(sigstore second.pub)"
check "sigstore of another key" refused 'another key' pull $host/team/sigstore:1
rule "$(sigstore first.pub "$(identity matchRepository)")"
check "as cosign signs" pull $host/team/cosign:1
check "an image that comes from a folder has no signature" refused 'rejects it' pull "oci:$work/layout:one"
rule "$(sigstore ed.pub "$(identity matchRepository)")"
check "Ed25519" pull $host/team/ed:1
rule "$(sigstore first.pub "$(identity matchRepository),\"rekorPublicKeyPath\":\"$work/log.pub\"")"
check "a log's promise" pull $host/team/logged:1
check "without the promise" refused 'no promise' pull $host/team/cosign:1
check "a promise of something else" refused 'something else' pull $host/team/mislogged:1
rule "$(sigstore first.pub "$(identity matchRepository),\"rekorPublicKeyPath\":\"$work/second.pub\"")"
check "of another log" refused 'did not sign' pull $host/team/logged:1
rule "{\"type\":\"sigstoreSigned\",\"keyPaths\":[\"$work/second.pub\",\"$work/first.pub\"]}"
check "one of several keys will do" pull $host/team/sigstore:1
rule '{"type":"sigstoreSigned","fulcio":{"caPath":"/x","oidcIssuer":"https://x","subjectEmail":"a@b.c"},"rekorPublicKeyPath":"/x"}'
check "what cannot be checked is refused" refused 'fulcio' pull $host/team/sigstore:1

# --- --verify-key
policy '{"default":[{"type":"insecureAcceptAnything"}]}'
registries false
check "--verify-key, whatever the policy says" pull --verify-key "$work/first.pub" $host/team/cosign:1
check "another key" refused 'another key' pull --verify-key "$work/second.pub" $host/team/cosign:1
check "no signature" refused 'verify-key requires a signature' pull --verify-key "$work/first.pub" $host/team/plain:1
check "OpenPGP keys" pull --verify-key "$work/alice.asc" $host/team/pgp:1
noted() { "$i2kit" pull -o json --verify-key "$work/cosign.pub" $host/team/cosign:1 | tee "$work/json" && grep -q '"checked": *"sigstoreSigned sha256:' "$work/json"; }
check "what was checked is said" noted
registries true

# --- the same answers as skopeo's
differences=0
compare() { # WHAT IMAGE
	fresh
	rm -rf "$work/copied"
	local theirs=0 ours=0
	skopeo copy -q --src-tls-verify=false "docker://$2" "dir:$work/copied" >"$work/theirs" 2>&1 || theirs=1
	"$i2kit" pull "$2" >"$work/ours" 2>&1 || ours=1
	# Debian builds skopeo without sigstore: that is no answer.
	grep -q 'sigstore disabled' "$work/theirs" && return
	asked=$((asked + 1))
	[ $theirs = $ours ] && return
	differences=$((differences + 1))
	echo "# $1, $2: skopeo $theirs, i2kit $ours"
	sed 's/^/#   /' "$work/theirs" "$work/ours"
}
asked=0
table() {
	local text image
	while read -r text; do
		[ -n "$text" ] || continue
		policy "$text"
		for image in plain:1 pgp:1 pgp:2 "pgp@$one"; do
			compare "$text" "$host/team/$image"
		done
	done
}
anything='{"type":"insecureAcceptAnything"}'
reject='{"type":"reject"}'
docker() { printf '{"default":[%s],"transports":{"docker":{%s}}}\n' "$reject" "$1"; }
table <<END
{"default":[$anything]}
{"default":[]}
{"default":[$anything],"extra":1}
{"default":[$anything],"default":[$anything]}
{"default":[{"type":"insecureAcceptAnything","keyPath":"x"}]}
{"default":[{"type":"unknown"}]}
{"transports":{}}
$(docker "\"\":[$anything]")
$(docker "\"$host/team\":[$anything],\"$host/team/pgp\":[$reject]")
$(docker "\"$host/team/pgp:1\":[$anything]")
$(docker "\"$host/team/pgp@$one\":[$anything]")
$(docker "\"127.0.0.1\":[$anything]")
$(docker "\"*.0.0.1\":[$anything]")
$(docker "\"*.0.1\":[$anything],\"$host/team/plain\":[$reject]")
$(docker "\"$host\":[$anything,$reject]")
$(docker "\"$host\":[$(pgp alice.gpg)]")
$(docker "\"$host\":[$(pgp bob.gpg)]")
$(docker "\"$host\":[$(pgp alice.gpg),$(pgp bob.gpg)]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity matchExact)")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity matchRepository)")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity exactReference ",\"dockerReference\":\"$host/team/pgp:1\"")")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity exactReference ",\"dockerReference\":\"$host/team/pgp\"")")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity exactRepository ",\"dockerRepository\":\"$host/team/pgp\"")")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity remapIdentity ",\"prefix\":\"$host/team/plain\",\"signedPrefix\":\"$host/team/pgp\"")")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity remapIdentity ",\"prefix\":\"nginx\",\"signedPrefix\":\"$host/team/pgp\"")")]")
$(docker "\"$host\":[$(pgp alice.gpg "$(identity nothing)")]")
$(docker "\"$host\":[$(pgp missing.gpg)]")
$(docker "\"$host\":[$(pgp alice.gpg ',"keyData":"AAAA"')]")
$(docker "\"$host\":[$(sigstore first.pub)]")
$(docker "\"$host\":[$(sigstore second.pub)]")
$(docker "\"$host\":[$(sigstore first.pub "$(identity matchExact)")]")
$(docker "\"$host\":[$(sigstore first.pub "$(identity matchRepository)"),$anything]")
$(docker "\"$host\":[{\"type\":\"sigstoreSigned\",\"keyData\":\"$(base64 -w0 <"$work/first.pub")\"}]")
END
echo "# $asked answers compared"
[ $differences = 0 ] && [ $asked -ge 110 ]
ok $? "each policy of the table is understood as skopeo understands it"

finished
