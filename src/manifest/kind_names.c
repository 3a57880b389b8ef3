/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kind_names.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"

static const struct {
	const char *kind;
	const char *name;
} short_names[] = {
	{"ConfigMap", "cm"},
	{"CronJob", "cj"},
	{"DaemonSet", "ds"},
	{"Deployment", "deploy"},
	{"Endpoints", "ep"},
	{"HorizontalPodAutoscaler", "hpa"},
	{"Ingress", "ing"},
	{"Namespace", "ns"},
	{"NetworkPolicy", "netpol"},
	{"Node", "no"},
	{"PersistentVolume", "pv"},
	{"PersistentVolumeClaim", "pvc"},
	{"Pod", "po"},
	{"PodDisruptionBudget", "pdb"},
	{"PriorityClass", "pc"},
	{"ReplicaSet", "rs"},
	{"ReplicationController", "rc"},
	{"Service", "svc"},
	{"ServiceAccount", "sa"},
	{"StatefulSet", "sts"},
	{"StorageClass", "sc"},
};

/* pods, ingresses, networkpolicies, endpoints. */
static bool is_plural(const char *kind, const char *word)
{
	size_t length = strlen(kind);
	bool has_ies =
		length > 1 && kind[length - 1] == 'y' && strchr("aeou", kind[length - 2]) == NULL;
	bool has_es = length > 1 && kind[length - 1] == 's';
	size_t stem = has_ies ? length - 1 : length;

	return strncasecmp(kind, word, stem) == 0 && strcasecmp(word + stem, has_ies  ? "ies"
									     : has_es ? "es"
										      : "s") == 0;
}

bool kind_is_called(const char *kind, const char *word)
{
	if (strcasecmp(kind, word) == 0 || is_plural(kind, word))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(short_names); i++) {
		if (strcmp(short_names[i].kind, kind) == 0 &&
		    strcasecmp(short_names[i].name, word) == 0)
			return true;
	}
	return false;
}
