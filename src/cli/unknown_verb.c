/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unknown_verb.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/verb.h"
#include "cli/verbs.h"

/* Words of docker, compose, podman, kubectl and flyctl, and what does here what they do there. */
static const char *const translations[][2] = {
	{"alpha", "i2kit watches, scales and publishes without that word: i2kit up --watch"},
	{"annotate", "the manifest has the annotations; i2kit up applies them"},
	{"api-resources", "i2kit explain lists the kinds that are read"},
	{"apply", "i2kit up -d -f FILE"},
	{"auth", "there is no cluster to ask; i2kit doctor --cloud shows what a cloud needs"},
	{"autoscale", "there is no autoscaler: i2kit scale POD=N"},
	{"bridge", "i2kit convert --to kubernetes"},
	{"bash", "i2kit exec POD bash"},
	{"builder", "i2kit build; i2kit system df shows what it keeps"},
	{"buildx", "i2kit build"},
	{"check", "i2kit validate"},
	{"cluster-info", "there is no cluster: i2kit ls lists projects, i2kit doctor this machine"},
	{"commit", "images are built from OCI images, never from what ran: i2kit build"},
	{"compose", "leave the word out: i2kit up, i2kit ps, i2kit logs"},
	{"config", "i2kit convert --to compose prints the manifests as they are understood, "
		   "i2kit validate -q checks them"},
	{"containers", "i2kit ps"},
	{"context", "there are no contexts: -p names the project, -e the cloud's environment"},
	{"cordon", "there are no nodes: each pod is a VM of this machine"},
	{"create", "i2kit build makes the disks, i2kit up starts them"},
	{"delete", "i2kit down stops and removes pods, i2kit destroy what is in a cloud"},
	{"deploy", "i2kit promote"},
	{"describe", "i2kit why POD"},
	{"drain", "there are no nodes: i2kit down stops the project"},
	{"edit", "edit the manifest, then i2kit up"},
	{"export", "i2kit volume export VOLUME FILE, or i2kit build -o FILE for a disk"},
	{"expose", "ports stand in the manifest; for now: i2kit port-forward POD PORT"},
	{"generate", "i2kit convert --to compose"},
	{"get", "i2kit ps (pods), i2kit ls (projects), i2kit events, i2kit volume ls"},
	{"history",
	 "i2kit releases lists what was promoted, i2kit inspect IMAGE an image's layers"},
	{"image", "i2kit images"},
	{"import", "i2kit volume import VOLUME FILE, or i2kit pull oci-archive:FILE"},
	{"info", "i2kit doctor"},
	{"label", "the manifest has the labels; i2kit up applies them"},
	{"lint", "i2kit validate"},
	{"list", "i2kit ps (pods), i2kit ls (projects)"},
	{"load", "i2kit pull docker-archive:FILE"},
	{"log", "i2kit logs"},
	{"machine", "each pod is a machine: i2kit ps"},
	{"manifest", "i2kit inspect IMAGE"},
	{"mount", "i2kit cp, or a hostPath volume for live files"},
	{"network", "each project has its own network, made by up: i2kit ps -o wide"},
	{"node", "there are no nodes: each pod is a VM of this machine"},
	{"patch", "edit the manifest, then i2kit up"},
	{"play", "i2kit up -f FILE"},
	{"pods", "i2kit ps"},
	{"proxy", "there is no API server: i2kit port-forward POD PORT"},
	{"publish", "i2kit promote ships what ran here"},
	{"push", "disks are shipped by i2kit promote; i2kit pushes to no registry"},
	{"rename", "a pod's name stands in the manifest"},
	{"replace", "i2kit up replaces what changed"},
	{"resume", "i2kit unpause POD"},
	{"rm", "i2kit down POD stops and removes it; i2kit volume rm, i2kit logs rm"},
	{"rmi", "i2kit images rm IMAGE; i2kit prune frees those that nothing needs"},
	{"rollout", "i2kit up, i2kit restart POD, i2kit wait; i2kit rollback in the cloud"},
	{"save", "i2kit build -o FILE writes a pod's disk"},
	{"search", "i2kit searches no registry; i2kit pull IMAGE fetches by name"},
	{"secret", "Secrets stand in the manifests"},
	{"service", "Services stand in the manifests: i2kit ps, i2kit port"},
	{"set", "edit the manifest, then i2kit up"},
	{"sh", "i2kit exec POD sh"},
	{"shell", "i2kit exec POD sh"},
	{"ssh", "i2kit exec POD sh"},
	{"stack", "i2kit ls (projects), i2kit status (in a cloud)"},
	{"suspend", "i2kit pause POD"},
	{"swarm", "there is no cluster: i2kit up"},
	{"tag", "images keep the names of their registries"},
	{"taint", "there are no nodes: each pod is a VM of this machine"},
	{"uncordon", "there are no nodes: each pod is a VM of this machine"},
	{"update", "edit the manifest, then i2kit up"},
	{"viz", "i2kit tui, or i2kit ps -o wide"},
	{"volumes", "i2kit volume ls"},
};

static const char *translation(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(translations); i++) {
		if (strcmp(translations[i][0], name) == 0)
			return translations[i][1];
	}
	return NULL;
}

/* One slip, or its beginning, as long as that can hardly mean anything else. */
static bool is_near(const char *name, const char *verb)
{
	enum { LONG_ENOUGH = 4 };
	size_t length = strlen(name);

	return suggest_distance(name, verb) <= 1 ||
	       (length >= LONG_ENOUGH && strncmp(verb, name, length) == 0);
}

static const char *nearest_verb(const char *name)
{
	AUTO(string_list_clear) struct string_list harmless = STRING_LIST_INIT;
	const char *nearest;

	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i]->is_hidden && !verbs[i]->takes_away)
			string_list_add(&harmless, verbs[i]->name);
	}
	nearest = suggest_nearest(name, &harmless);
	if (nearest != NULL && (nearest = verb_find(nearest)->name) != NULL &&
	    suggest_distance(name, nearest) <= 1)
		return nearest;
	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i]->is_hidden && verbs[i]->takes_away && is_near(name, verbs[i]->name))
			return verbs[i]->name;
	}
	return nearest;
}

bool unknown_verb(const char *name, struct error *err)
{
	const char *meaning = translation(name);
	const char *nearest = meaning == NULL ? nearest_verb(name) : NULL;

	error_set(err, ERROR_USAGE, "unknown verb '%s'", name);
	if (meaning != NULL)
		return error_hint(err, "%s", meaning);
	if (nearest != NULL)
		return error_hint(err, "did you mean i2kit %s?", nearest);
	return error_hint(err, "i2kit --help lists all verbs");
}
