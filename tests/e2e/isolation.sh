#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who reaches whom in system mode: from a guest, from another project, from a neighbour of this machine, from a guest
# that was taken over; and what a pod with an egress policy reaches.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need nft curl
cleanup() { "$i2kit" -p one down; "$i2kit" -p two down; "$i2kit" -p three down; ip netns del lan; }
cd "$work" || exit 1
serve='mkdir /w; echo "$TEXT" >/w/index.html; exec httpd -f -p 80 -h /w'
pod() { # NAME TEXT EGRESS
	cat <<-Y
		name: $1
		publish: false
		terminationGracePeriodSeconds: 1
		network: {egress: $3}
		containers:
		  c:
		    image: oci:$top/out/images/toolbox
		    command: [sh, -c, '$serve']
		    environment: {TEXT: $2}
		    ports: ["8000:80"]
		    securityContext: {privileged: true}
		    readinessProbe: {tcpSocket: {port: 80}}
	Y
}
{ pod web WEB any; echo ---; pod tool TOOL any; } >one.yml
{ pod db DB any; echo ---; pod picky PICKY '[db, 192.0.2.0/24]'; echo ---; pod closed CLOSED none; echo ---; pod friend FRIEND '[any, host]'; } >two.yml
# Services that lead to the neighbour: by other port numbers, by the same ones, and by names.
cat >>two.yml <<-'Y'
	---
	{apiVersion: v1, kind: Service, metadata: {name: led}, spec: {ports: [{port: 80, targetPort: 8080}]}}
	---
	apiVersion: discovery.k8s.io/v1
	kind: EndpointSlice
	metadata: {name: led-1, labels: {kubernetes.io/service-name: led}}
	addressType: IPv4
	ports: [{port: 8080}]
	endpoints: [{addresses: [192.0.2.2]}]
	---
	{apiVersion: v1, kind: Service, metadata: {name: same}, spec: {ports: [{port: 8080}]}}
	---
	{apiVersion: v1, kind: Endpoints, metadata: {name: same}, subsets: [{addresses: [{ip: 192.0.2.2}], ports: [{port: 8080}]}]}
	---
	{apiVersion: v1, kind: Service, metadata: {name: self}, spec: {type: ExternalName, externalName: db.default.svc.cluster.local}}
	---
	{apiVersion: v1, kind: Service, metadata: {name: far}, spec: {type: ExternalName, externalName: lan.example.test}}
Y
# Who asks the network's servers is told by dnsmasq what this machine's hosts file says.
cp /etc/hosts hosts && echo 192.0.2.2 lan.example.test >>hosts && mount --bind hosts /etc/hosts

# A neighbour with a way to this machine, and a program of this machine that listens everywhere.
mkdir -p /run/netns && ip netns add lan && ip link add v0 type veth peer name v1 netns lan &&
	ip addr add 192.0.2.1/24 dev v0 && ip link set v0 up &&
	ip netns exec lan sh -c "ip addr add 192.0.2.2/24 dev v1; ip addr add 198.18.0.2/32 dev v1; ip link set v1 up
		ip link set lo up; ip route add default via 192.0.2.1" && ip route add 198.18.0.2/32 via 192.0.2.2
ok $? "a neighbour is there"
mkdir www && echo THE-HOST >www/index.html
python3 -m http.server -d www --bind 0.0.0.0 8000 >/dev/null 2>&1 &
host=$!
mkdir lanwww && echo THE-LAN >lanwww/index.html
ip netns exec lan python3 -m http.server -d lanwww --bind 0.0.0.0 8080 >/dev/null 2>&1 &
lan=$!

"$i2kit" -p one up -d --wait --timeout 180s -f one.yml && "$i2kit" -p two up -d --wait --timeout 240s -f two.yml
ok $? "two projects are up, while a program of this machine has the Services' port on every address"
ask() { # PROJECT POD HOST PORT
	timeout 20 "$i2kit" -p "$1" exec "$2" -- sh -c "timeout 4 wget -q -O - http://$3:$4/ || timeout 4 wget -q -O - http://$3:$4/" 2>/dev/null
}
address() { "$i2kit" -p "$1" ps -o json | jq -r --arg pod "$2" '.instances[] | select(.pod == $pod).address'; }
service() { "$i2kit" -p "$1" exec "$2" -- sh -c "grep -w $2.default /etc/hosts | head -1" | cut -f1; }
web=$(address one web) db=$(address two db)
web_service=$(service one web)

is "$(ask one tool web 8000)" WEB
ok $? "a Service is reached by its name, and is nobody else"
is "$(ask one web tool 8000)" TOOL
ok $? "so is another on the same port"
is "$(ask one tool web-0 80)" WEB
ok $? "and an instance by its name"
is "$(ask two db "$web_service" 8000)$(ask two db "$web" 80)" ""
ok $? "another project reaches neither Service nor instance"
is "$(ip netns exec lan curl -s -m 4 "http://$web_service:8000/")$(ip netns exec lan curl -s -m 4 "http://$web/")" ""
ok $? "nor does a neighbour"
is "$(ask one tool "${web%.*}.1" 8000)$(ask one tool 192.0.2.1 8000)$(ask one tool "${db%.*}.1" 8000)" ""
ok $? "a pod does not reach this machine, by whichever of its addresses"
is "$(ask two friend host.i2kit.internal 8000)" THE-HOST
ok $? "but one that is allowed to does"
is "$(ask one tool 192.0.2.2 8080)" THE-LAN
ok $? "and all reach what is outside"

is "$(ask two db led 80)$(ask two db same 8080)" THE-LANTHE-LAN
ok $? "a Service without selector leads to its endpoints, on its own port or theirs"
is "$(ask two db self 8000)" DB
ok $? "an external name may be one of the project"
is "$(ask two db far 8080)$("$i2kit" -p two exec db -- nslookup far.default.svc.cluster.local 2>&1 | grep -c 192.0.2.2)" THE-LAN1
ok $? "or one that only the network's servers know"
is "$(ask two picky led 80)$(ask two closed led 80)" THE-LAN
ok $? "and policies see where its connections go"
is "$("$i2kit" -p two ps -o json | jq -r '.ports[] | select(.outside) | .service + " " + .outside' | sort | tr '\n' ',')" \
	"far lan.example.test,led 192.0.2.2,same 192.0.2.2,self db.default.svc.cluster.local,"
ok $? "ps says where they lead"
is "$(ask two picky db 8000)" DB
ok $? "a policy lets a pod reach what it names"
is "$(ask two picky 192.0.2.2 8080)" THE-LAN
ok $? "and the addresses"
is "$(ask two picky friend 8000)$(ask two picky friend-0 80)$(ask two picky 198.18.0.2 8080)" ""
ok $? "and nothing else: no other Service, instance or address"
is "$(ask two closed db 8000)$(ask two closed db-0 80)$(ask two closed 192.0.2.2 8080)" ""
ok $? "none is nothing at all"
is "$(ask two db closed 8000)" CLOSED
ok $? "and others reach such a pod"

# NetworkPolicies: api is reached by front at port 80 alone; back reaches front there, and a network at one port.
{
	for name in api front back; do
		cat <<-Y
			apiVersion: v1
			kind: Pod
			metadata: {name: $name, labels: {app: $name}}
			spec:
			  terminationGracePeriodSeconds: 1
			  containers:
			  - name: c
			    image: oci:$top/out/images/toolbox
			    command: [sh, -c, 'mkdir /w; echo "\$TEXT" >/w/index.html; httpd -p 81 -h /w; exec httpd -f -p 80 -h /w']
			    env: [{name: TEXT, value: ${name^^}}]
			    ports: [{name: web, containerPort: 80}]
			    readinessProbe: {tcpSocket: {port: 80}}
			---
			apiVersion: v1
			kind: Service
			metadata: {name: $name}
			spec: {selector: {app: $name}, ports: [{port: 8500, targetPort: web}]}
			---
		Y
	done
	cat <<-Y
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: api}
		spec:
		  podSelector: {matchLabels: {app: api}}
		  ingress: [{from: [{podSelector: {matchLabels: {app: front}}}], ports: [{port: web}]}]
		---
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: back}
		spec:
		  podSelector: {matchLabels: {app: back}}
		  policyTypes: [Egress]
		  egress:
		  - {to: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [front]}]}}], ports: [{port: 80}]}
		  - {to: [{ipBlock: {cidr: 192.0.0.0/8, except: [192.168.0.0/16]}}], ports: [{port: 8000, endPort: 8090}]}
	Y
} >three.yml
"$i2kit" -p three up -d --wait --timeout 240s -f three.yml
ok $? "a project with NetworkPolicies is up"
is "$(ask three front api 8500) $(ask three front api-0 80)" "API API"
ok $? "NetworkPolicy: a pod that is named reaches another, by its Service and by its address"
is "$(ask three front api-0 81)" ""
ok $? "at the port that is named alone"
is "$(ask three back api 8500)$(ask three back api-0 80)" ""
ok $? "one that is not named does not"
is "$(ask three back front 8500) $(ask three back front-0 80)" "FRONT FRONT"
ok $? "egress to pods is what is named"
is "$(ask three back front-0 81)$(ask three back api-0 81)" ""
ok $? "and no other port, and no other pod"
is "$(ask three back 192.0.2.2 8080)" THE-LAN
ok $? "egress to an ipBlock, at its ports"
is "$(ask three back 198.18.0.2 8080)$(ask three back 192.0.2.1 8000)" ""
ok $? "and to nothing beside it"
is "$(ask three front back 8500) $(ask three front 198.18.0.2 8080)" "BACK THE-LAN"
ok $? "a pod that no policy selects in a direction is free in it"
is "$(curl -fsS -m 5 http://127.0.0.1:8500/ 2>&1)" API
ok $? "this machine reaches published ports, as kubectl port-forward does"
created() { "$i2kit" -p three ps -o json | jq -r '[.instances[].createdAt] | join(" ")'; }
before=$(created)
sed -i 's/ingress: .*/ingress: []/' three.yml
"$i2kit" -p three up -d --wait --timeout 120s -f three.yml
is "$(ask three front api 8500)$(ask three front api-0 80) $(created)" " $before"
ok $? "a policy that changes holds at once, for VMs that run"
"$i2kit" -p three down

# A guest that was taken over: root there, with another's addresses.
"$i2kit" -p one exec tool -- sh -c "ip addr add $web/32 dev eth0
	ip addr add $web_service/32 dev eth0
	for i in 1 2 3; do arping -U -c 1 -I eth0 $web; arping -A -c 1 -I eth0 $web; arping -U -c 1 -I eth0 $web_service; done" \
	>/dev/null 2>&1
curl -s -m 5 "http://$web/" >/dev/null
is "$(ip neigh show "$web" | grep -o 'lladdr [0-9a-f:]*')" "lladdr $(virsh -q domiflist "$(virsh -q list --name | grep 'one.*web-0')" | awk '{print $5}')"
ok $? "a guest that says it has another's address is not believed"
is "$(curl -s -m 5 "http://$web/")" WEB
ok $? "and gets nothing of what is meant for the other"

# The network vanishes below the pods.
virsh -q net-destroy "$(virsh -q net-list --name | grep one)" >/dev/null
for _ in $(seq 10); do
	sleep 1
	[ "$(ask one web tool 8000)" != TOOL ] || break
done
is "$(ask one web tool 8000)" TOOL
ok $? "a network that was destroyed is mended"

kill $host $lan
"$i2kit" -p one down && "$i2kit" -p two down && ! nft list tables | grep i2kit_ && sleep 1 && ! ip link show | grep -E 'i2[kst]'
ok $? "nothing stays behind"
finished
