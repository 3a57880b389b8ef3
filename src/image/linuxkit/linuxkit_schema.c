/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_schema.h"

#define END                                                                                        \
	{                                                                                          \
		NULL, LINUXKIT_TEXT, NULL                                                          \
	}

static const struct linuxkit_key kernel[] = {
	{"image", LINUXKIT_TEXT, NULL},	 {"cmdline", LINUXKIT_TEXT, NULL},
	{"binary", LINUXKIT_TEXT, NULL}, {"tar", LINUXKIT_TEXT, NULL},
	{"ucode", LINUXKIT_TEXT, NULL},	 END};

static const struct linuxkit_key file[] = {{"path", LINUXKIT_TEXT, NULL},
					   {"directory", LINUXKIT_BOOL, NULL},
					   {"symlink", LINUXKIT_TEXT, NULL},
					   {"contents", LINUXKIT_TEXT, NULL},
					   {"source", LINUXKIT_TEXT, NULL},
					   {"metadata", LINUXKIT_TEXT, NULL},
					   {"optional", LINUXKIT_BOOL, NULL},
					   {"mode", LINUXKIT_TEXT, NULL},
					   {"uid", LINUXKIT_ID, NULL},
					   {"gid", LINUXKIT_ID, NULL},
					   END};

static const struct linuxkit_key volume[] = {
	{"name", LINUXKIT_TEXT, NULL},	     {"image", LINUXKIT_TEXT, NULL},
	{"readonly", LINUXKIT_BOOL, NULL},   {"format", LINUXKIT_TEXT, NULL},
	{"platforms", LINUXKIT_TEXTS, NULL}, END};

static const struct linuxkit_key trust[] = {
	{"image", LINUXKIT_TEXTS, NULL}, {"org", LINUXKIT_TEXTS, NULL}, END};

static const struct linuxkit_key id_mapping[] = {{"hostID", LINUXKIT_NUMBER, NULL},
						 {"containerID", LINUXKIT_NUMBER, NULL},
						 {"size", LINUXKIT_NUMBER, NULL},
						 END};

static const struct linuxkit_key mount[] = {{"destination", LINUXKIT_TEXT, NULL},
					    {"type", LINUXKIT_TEXT, NULL},
					    {"source", LINUXKIT_TEXT, NULL},
					    {"options", LINUXKIT_TEXTS, NULL},
					    {"uidmappings", LINUXKIT_OBJECTS, id_mapping},
					    {"gidmappings", LINUXKIT_OBJECTS, id_mapping},
					    END};

static const struct linuxkit_key device[] = {
	{"path", LINUXKIT_TEXT, NULL},	  {"type", LINUXKIT_TEXT, NULL},
	{"major", LINUXKIT_NUMBER, NULL}, {"minor", LINUXKIT_NUMBER, NULL},
	{"mode", LINUXKIT_TEXT, NULL},	  END};

static const struct linuxkit_key device_rule[] = {
	{"allow", LINUXKIT_BOOL, NULL},	  {"type", LINUXKIT_TEXT, NULL},
	{"major", LINUXKIT_NUMBER, NULL}, {"minor", LINUXKIT_NUMBER, NULL},
	{"access", LINUXKIT_TEXT, NULL},  END};

static const struct linuxkit_key memory[] = {
	{"limit", LINUXKIT_NUMBER, NULL},	   {"reservation", LINUXKIT_NUMBER, NULL},
	{"swap", LINUXKIT_NUMBER, NULL},	   {"kernel", LINUXKIT_NUMBER, NULL},
	{"kernelTCP", LINUXKIT_NUMBER, NULL},	   {"swappiness", LINUXKIT_NUMBER, NULL},
	{"disableOOMKiller", LINUXKIT_BOOL, NULL}, END};

static const struct linuxkit_key cpu[] = {{"shares", LINUXKIT_NUMBER, NULL},
					  {"quota", LINUXKIT_NUMBER, NULL},
					  {"period", LINUXKIT_NUMBER, NULL},
					  {"realtimeRuntime", LINUXKIT_NUMBER, NULL},
					  {"realtimePeriod", LINUXKIT_NUMBER, NULL},
					  {"cpus", LINUXKIT_TEXT, NULL},
					  {"mems", LINUXKIT_TEXT, NULL},
					  END};

static const struct linuxkit_key pids[] = {{"limit", LINUXKIT_NUMBER, NULL}, END};

static const struct linuxkit_key weight_device[] = {{"major", LINUXKIT_NUMBER, NULL},
						    {"minor", LINUXKIT_NUMBER, NULL},
						    {"weight", LINUXKIT_NUMBER, NULL},
						    {"leafWeight", LINUXKIT_NUMBER, NULL},
						    END};

static const struct linuxkit_key throttle_device[] = {{"major", LINUXKIT_NUMBER, NULL},
						      {"minor", LINUXKIT_NUMBER, NULL},
						      {"rate", LINUXKIT_NUMBER, NULL},
						      END};

static const struct linuxkit_key block_io[] = {
	{"weight", LINUXKIT_NUMBER, NULL},
	{"leafWeight", LINUXKIT_NUMBER, NULL},
	{"weightDevice", LINUXKIT_OBJECTS, weight_device},
	{"throttleReadBpsDevice", LINUXKIT_OBJECTS, throttle_device},
	{"throttleWriteBpsDevice", LINUXKIT_OBJECTS, throttle_device},
	{"throttleReadIOPSDevice", LINUXKIT_OBJECTS, throttle_device},
	{"throttleWriteIOPSDevice", LINUXKIT_OBJECTS, throttle_device},
	END};

static const struct linuxkit_key huge_page[] = {
	{"pageSize", LINUXKIT_NUMBER, NULL}, {"limit", LINUXKIT_NUMBER, NULL}, END};

static const struct linuxkit_key priority[] = {
	{"name", LINUXKIT_TEXT, NULL}, {"priority", LINUXKIT_NUMBER, NULL}, END};

static const struct linuxkit_key network[] = {
	{"classID", LINUXKIT_NUMBER, NULL}, {"priorities", LINUXKIT_OBJECTS, priority}, END};

static const struct linuxkit_key resources[] = {{"devices", LINUXKIT_OBJECTS, device_rule},
						{"memory", LINUXKIT_OBJECT, memory},
						{"cpu", LINUXKIT_OBJECT, cpu},
						{"pids", LINUXKIT_OBJECT, pids},
						{"blockio", LINUXKIT_OBJECT, block_io},
						{"hugepageLimits", LINUXKIT_OBJECTS, huge_page},
						{"network", LINUXKIT_OBJECT, network},
						END};

static const struct linuxkit_key interface[] = {{"name", LINUXKIT_TEXT, NULL},
						{"add", LINUXKIT_TEXT, NULL},
						{"peer", LINUXKIT_TEXT, NULL},
						{"createInRoot", LINUXKIT_BOOL, NULL},
						END};

static const struct linuxkit_key namespaces[] = {
	{"cgroup", LINUXKIT_TEXT, NULL}, {"ipc", LINUXKIT_TEXT, NULL},
	{"mnt", LINUXKIT_TEXT, NULL},	 {"net", LINUXKIT_TEXT, NULL},
	{"pid", LINUXKIT_TEXT, NULL},	 {"user", LINUXKIT_TEXT, NULL},
	{"uts", LINUXKIT_TEXT, NULL},	 END};

static const struct linuxkit_key runtime[] = {{"cgroups", LINUXKIT_TEXTS, NULL},
					      {"mounts", LINUXKIT_OBJECTS, mount},
					      {"mkdir", LINUXKIT_TEXTS, NULL},
					      {"interfaces", LINUXKIT_OBJECTS, interface},
					      {"bindNS", LINUXKIT_OBJECT, namespaces},
					      {"namespace", LINUXKIT_TEXT, NULL},
					      END};

const struct linuxkit_key linuxkit_component_keys[] = {
	{"name", LINUXKIT_TEXT, NULL},
	{"image", LINUXKIT_TEXT, NULL},
	{"capabilities", LINUXKIT_TEXTS, NULL},
	{"capabilities.add", LINUXKIT_TEXTS, NULL},
	{"ambient", LINUXKIT_TEXTS, NULL},
	{"mounts", LINUXKIT_OBJECTS, mount},
	{"binds", LINUXKIT_TEXTS, NULL},
	{"binds.add", LINUXKIT_TEXTS, NULL},
	{"devices", LINUXKIT_OBJECTS, device},
	{"tmpfs", LINUXKIT_TEXTS, NULL},
	{"command", LINUXKIT_TEXTS, NULL},
	{"env", LINUXKIT_TEXTS, NULL},
	{"cwd", LINUXKIT_TEXT, NULL},
	{"net", LINUXKIT_TEXT, NULL},
	{"pid", LINUXKIT_TEXT, NULL},
	{"ipc", LINUXKIT_TEXT, NULL},
	{"uts", LINUXKIT_TEXT, NULL},
	{"userns", LINUXKIT_TEXT, NULL},
	{"readonly", LINUXKIT_BOOL, NULL},
	{"maskedPaths", LINUXKIT_TEXTS, NULL},
	{"readonlyPaths", LINUXKIT_TEXTS, NULL},
	{"uid", LINUXKIT_ID, NULL},
	{"gid", LINUXKIT_ID, NULL},
	{"additionalGids", LINUXKIT_IDS, NULL},
	{"noNewPrivileges", LINUXKIT_BOOL, NULL},
	{"hostname", LINUXKIT_TEXT, NULL},
	{"oomScoreAdj", LINUXKIT_NUMBER, NULL},
	{"rootfsPropagation", LINUXKIT_TEXT, NULL},
	{"cgroupsPath", LINUXKIT_TEXT, NULL},
	{"resources", LINUXKIT_OBJECT, resources},
	{"sysctl", LINUXKIT_MAP, NULL},
	{"rlimits", LINUXKIT_TEXTS, NULL},
	{"uidMappings", LINUXKIT_OBJECTS, id_mapping},
	{"gidMappings", LINUXKIT_OBJECTS, id_mapping},
	{"annotations", LINUXKIT_MAP, NULL},
	{"runtime", LINUXKIT_OBJECT, runtime},
	END};

const struct linuxkit_key linuxkit_document_keys[] = {
	{"kernel", LINUXKIT_OBJECT, kernel},
	{"init", LINUXKIT_TEXTS, NULL},
	{"onboot", LINUXKIT_OBJECTS, linuxkit_component_keys},
	{"onshutdown", LINUXKIT_OBJECTS, linuxkit_component_keys},
	{"services", LINUXKIT_OBJECTS, linuxkit_component_keys},
	{"trust", LINUXKIT_OBJECT, trust}, /* of old documents; means nothing any more */
	{"files", LINUXKIT_OBJECTS, file},
	{"volumes", LINUXKIT_OBJECTS, volume},
	END};
