/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose_words.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

/* Of https://github.com/compose-spec/compose-spec/blob/main/05-services.md */
static const char *const words[][2] = {
	{"build", "the short form has it; else build it first, and name it: image: oci:FOLDER"},
	{"cap_add", "securityContext: {capabilities: {add: [NET_ADMIN]}}"},
	{"cap_drop", "securityContext: {capabilities: {drop: [ALL]}}"},
	{"container_name", "the key above is the container's name"},
	{"cpus", "resources: {limits: {cpu: 500m}}"},
	{"depends_on",
	 "pods start together; wait with an init container, or let the program try again"},
	{"deploy", "replicas stand beside containers, resources: {limits: …} in the container"},
	{"devices", "a VM has none of this machine's devices"},
	{"dns", "each pod asks i2kit's own resolver, which knows the project's names"},
	{"entrypoint", "command: [PROGRAM, …]; args: what follows it"},
	{"env_file", "environment: [K=V], or envFrom with a ConfigMap"},
	{"expose", "ports of a pod are open to the project's others; `ports` publishes"},
	{"extra_hosts", "hostAliases: [{ip: 10.0.0.1, hostnames: [db]}], in a Kubernetes pod"},
	{"healthcheck", "readinessProbe and livenessProbe: {httpGet: {path: /, port: 80}}"},
	{"links", "pods of a project reach each other by their names"},
	{"mem_limit", "resources: {limits: {memory: 256Mi}}"},
	{"network_mode", "each pod is a VM with a network of its own"},
	{"networks", "each project is one network; its pods reach each other by their names"},
	{"privileged", "securityContext: {privileged: true}"},
	{"profiles", "i2kit up POD starts some pods; or keep several manifests, -f"},
	{"read_only", "securityContext: {readOnlyRootFilesystem: true}"},
	{"restart", "restartPolicy: Always|OnFailure|Never, beside containers"},
	{"stop_grace_period", "terminationGracePeriodSeconds, beside containers"},
	{"sysctls", "securityContext: {sysctls: [{name: …, value: …}]}, of the pod"},
	{"tmpfs", "a volume emptyDir: {medium: Memory}, and its volumeMount"},
	{"ulimits", "the VM is the limit: resources: {limits: {memory: …, cpu: …}}"},
	{"user", "securityContext: {runAsUser: 1000}"},
	{"working_dir", "workingDir"},
};

const char *compose_word_hint(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i][0], key) == 0)
			return words[i][1];
	}
	return NULL;
}
