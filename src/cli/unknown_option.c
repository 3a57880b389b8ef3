/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unknown_option.h"

#include <string.h>

#include "base/alloc.h"

static const char after_the_verb[] = "after the verb: i2kit up -f FILE --profile NAME";
static const char one_of_many[] = "name the VM: POD-0, POD-1";
static const char as_json[] = "-o json, or -o jsonpath='{…}'";
static const char goes_by_itself[] =
	"leave it out: what the manifests no longer name is taken down by i2kit up";
static const char grace[] = "stop_grace_period (terminationGracePeriodSeconds) says how long";
static const char acts_alone[] = "leave it out: it acts on the pods that are named";
static const char quiet[] = "-q";
static const char asks_nothing[] = "leave it out: nothing is asked";

/* NULL as verb: with and without one; "": before the verb alone. */
static const struct {
	const char *verb, *option, *meaning;
} meanings[] = {
	{"", "file", after_the_verb},
	{"", "f", after_the_verb},
	{"", "env-file", after_the_verb},
	{"", "profile", after_the_verb},
	{NULL, "project-name", "-p NAME"},
	{NULL, "project-directory", "-C FOLDER"},
	{NULL, "ansi", "--color auto|always|never"},
	{NULL, "no-ansi", "--color never"},
	{NULL, "dry-run", "i2kit validate checks, i2kit promote --plan shows what a cloud gets"},
	{NULL, "parallel", "leave it out: VMs start side by side, as many as the machine carries"},
	{NULL, "compatibility", "leave it out: names are those of Compose v2"},
	{NULL, "all-resources", "i2kit convert --to compose prints all that is used"},
	{"attach", "detach-keys", "Ctrl-C ends it; what it shows runs on"},
	{"attach", "index", one_of_many},
	{"attach", "no-stdin", "leave it out: it shows what the container writes"},
	{"attach", "sig-proxy", "i2kit kill -s SIGNAL POD"},
	{"build", "build-arg", "args: {NAME: \"${NAME}\"} in the file, NAME=… before i2kit"},
	{"build", "check", "i2kit validate"},
	{"build", "memory", "leave it out: builds of buildah use what the machine has"},
	{"build", "m", "leave it out: builds of buildah use what the machine has"},
	{"build", "print", "-v shows what is done, i2kit convert --to compose the file"},
	{"build", "provenance", "i2kit sbom DISK --format provenance"},
	{"build", "push", "i2kit pushes to no registry; i2kit promote ships disks"},
	{"build", "sbom", "i2kit sbom DISK, with --format spdx or cyclonedx"},
	{"build", "ssh", "ssh: [default] under build: in the file"},
	{"build", "with-dependencies", "leave the names out: i2kit build builds all"},
	{"cp", "all", "name the VM: POD-0:PATH"},
	{"cp", "archive", "leave it out: modes and times are kept"},
	{"cp", "a", "leave it out: modes and times are kept"},
	{"cp", "follow-link", "name what the link leads to"},
	{"cp", "L", "name what the link leads to"},
	{"cp", "index", one_of_many},
	{"down", "remove-orphans", "leave it out: down takes all of the project down"},
	{"down", "rmi", "i2kit prune, or i2kit images rm IMAGE"},
	{"down", "timeout", grace},
	{"down", "t", grace},
	{"events", "json", "-o json"},
	{"events", "since", "leave it out: all that is kept is shown, with its time: -t"},
	{"events", "until", "leave it out: all that is kept is shown, with its time: -t"},
	{"exec", "detach", "i2kit exec POD -- sh -c 'COMMAND >/dev/null 2>&1 &'"},
	{"exec", "d", "i2kit exec POD -- sh -c 'COMMAND >/dev/null 2>&1 &'"},
	{"exec", "index", one_of_many},
	{"exec", "privileged", "a command has its container's rights: privileged: true there"},
	{"images", "format", as_json},
	{"kill", "remove-orphans", goes_by_itself},
	{"logs", "index", one_of_many},
	{"logs", "no-color", "--color never"},
	{"logs", "no-log-prefix", "--no-prefix"},
	{"ls", "filter", as_json},
	{"ls", "format", as_json},
	{"port", "index", "leave it out: all VMs of a pod are behind its port"},
	{"port", "protocol", "leave it out: i2kit port POD shows both protocols"},
	{"ps", "filter", as_json},
	{"ps", "format", as_json},
	{"ps", "no-trunc", "-o wide"},
	{"ps", "orphans", goes_by_itself},
	{"ps", "services", "-o name"},
	{"ps", "status", as_json},
	{"pull", "ignore-buildable", "leave it out: what is built here is not pulled"},
	{"pull", "ignore-pull-failures", "name the images that are there: i2kit pull IMAGE"},
	{"pull", "include-deps", "leave the names out: i2kit pull -f FILE fetches all"},
	{"restart", "no-deps", acts_alone},
	{"restart", "t", grace},
	{"run", "build", "i2kit build, then i2kit run; what changed is built by itself"},
	{"run", "cap-add", "cap_add: in the file, i2kit run SERVICE"},
	{"run", "cap-drop", "cap_drop: in the file, i2kit run SERVICE"},
	{"run", "detach", "i2kit up -d SERVICE stays; a run ends with its client"},
	{"run", "d", "i2kit up -d SERVICE stays; a run ends with its client"},
	{"run", "env-from-file", "--env-file FILE"},
	{"run", "label", "labels: in the file, i2kit run SERVICE"},
	{"run", "l", "labels: in the file, i2kit run SERVICE"},
	{"run", "no-deps", "leave it out: a run brings nothing else up"},
	{"run", "publish-all", "-p LOCAL:PORT"},
	{"run", "quiet-build", quiet},
	{"run", "quiet-pull", quiet},
	{"run", "remove-orphans", goes_by_itself},
	{"run", "service-ports", "-p LOCAL:PORT for each"},
	{"run", "P", "-p LOCAL:PORT for each"},
	{"run", "use-aliases", "leave it out: the service's name leads to those that are up"},
	{"scale", "no-deps", acts_alone},
	{"start", "wait-timeout", "--timeout TIME"},
	{"stats", "all", "leave it out: i2kit ps -a lists those that ended"},
	{"stats", "a", "leave it out: i2kit ps -a lists those that ended"},
	{"stats", "format", as_json},
	{"stats", "no-stream", "--once"},
	{"stats", "no-trunc", "leave it out: names are whole"},
	{"stop", "timeout", grace},
	{"stop", "t", grace},
	{"up", "always-recreate-deps", "i2kit restart POD for each"},
	{"up", "attach-dependencies", "--attach POD for each; without it, all are shown"},
	{"up", "force-recreate", "i2kit restart: new VMs of what is up; --build builds anew"},
	{"up", "menu", "i2kit tui"},
	{"up", "no-color", "--color never"},
	{"up", "no-deps", "i2kit restart POD and i2kit start POD leave the others alone"},
	{"up", "no-log-prefix", "-d, then i2kit logs -f --no-prefix"},
	{"up", "no-recreate", "leave it out: what did not change is left alone"},
	{"up", "no-start", "--build-only"},
	{"up", "quiet-build", quiet},
	{"up", "quiet-pull", quiet},
	{"up", "remove-orphans", goes_by_itself},
	{"up", "renew-anon-volumes", "leave it out: volumes without a name begin empty in each VM"},
	{"up", "V", "leave it out: volumes without a name begin empty in each VM"},
	{"up", "t", grace},
	{"up", "timestamps", "-d, then i2kit logs -f -t"},
	{"up", "wait-timeout", "--timeout TIME"},
	{"up", "yes", asks_nothing},
	{"up", "y", asks_nothing},
	{"version", "format", "-o json"},
	{"version", "f", "-o json"},
	{"version", "short", quiet},
	{"wait", "down-project", "i2kit wait POD; i2kit down"},
	{"watch", "prune", "i2kit prune"},
};

const char *unknown_option_meaning(const char *verb, const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const char *wanted = meanings[i].verb;
		bool is_here = wanted == NULL || strcmp(wanted, verb != NULL ? verb : "") == 0;
		if (is_here && strcmp(meanings[i].option, option) == 0)
			return meanings[i].meaning;
	}
	return NULL;
}
