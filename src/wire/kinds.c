/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kinds.h"

const char *const workload_words[WORKLOAD_KINDS] = {
	[WORKLOAD_DEPLOYMENT] = "Deployment",
	[WORKLOAD_STATEFUL_SET] = "StatefulSet",
	[WORKLOAD_POD] = "Pod",
	[WORKLOAD_JOB] = "Job",
};

const char *const restart_policy_words[RESTART_POLICIES] = {
	[RESTART_ALWAYS] = "Always",
	[RESTART_ON_FAILURE] = "OnFailure",
	[RESTART_NEVER] = "Never",
};

const char *const protocol_words[PROTOCOLS] = {[PROTOCOL_TCP] = "TCP", [PROTOCOL_UDP] = "UDP"};

const char *const check_words[CHECK_KINDS] = {
	[CHECK_EXEC] = "exec", [CHECK_HTTP] = "http",	[CHECK_TCP] = "tcp",
	[CHECK_GRPC] = "grpc", [CHECK_SLEEP] = "sleep",
};

const char *const volume_words[VOLUME_KINDS] = {
	[VOLUME_EMPTY_DIR] = "emptyDir",  [VOLUME_CONFIG_MAP] = "configMap",
	[VOLUME_SECRET] = "secret",	  [VOLUME_HOST_PATH] = "hostPath",
	[VOLUME_CLAIM] = "claim",	  [VOLUME_DOWNWARD] = "downward",
	[VOLUME_PROJECTED] = "projected", [VOLUME_IMAGE] = "image",
};

const char *const env_words[ENV_KINDS] = {
	[ENV_VALUE] = "value", [ENV_CONFIG_MAP] = "configMap", [ENV_SECRET] = "secret",
	[ENV_FIELD] = "field", [ENV_RESOURCE] = "resource",
};

const char *const rlimit_words[RLIMIT_NAMES] = {
	"AS",	"CORE",	  "CPU",   "DATA", "FSIZE",  "LOCKS",  "MEMLOCK",    "MSGQUEUE",
	"NICE", "NOFILE", "NPROC", "RSS",  "RTPRIO", "RTTIME", "SIGPENDING", "STACK"};
