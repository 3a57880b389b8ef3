/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_limits.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

static const char *const capabilities[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

bool linuxkit_capabilities_expand(struct string_list *list, struct error *err)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		string_list_addf(&all, "CAP_%s", capabilities[i]);
	bool is_all = list->count == 1 && strcasecmp(list->items[0], "all") == 0;
	bool is_none = list->count == 1 && strcasecmp(list->items[0], "none") == 0;
	if (is_all || is_none)
		string_list_clear(list);
	if (is_all)
		string_list_copy(list, &all);
	for (size_t i = 0; i < list->count; i++) {
		if (!string_list_has(&all, list->items[i]))
			return error_set(err, ERROR_INVALID, "unknown capability: %s",
					 list->items[i]);
	}
	return true;
}

static bool parse_limit(const char *text, size_t length, uint64_t *ret)
{
	while (length > 0 && *text == ' ') {
		text++;
		length--;
	}
	while (length > 0 && text[length - 1] == ' ')
		length--;
	AUTO_FREE char *word = xstrndup(text, length);
	if (strcasecmp(word, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	return parse_u64(word, 0, UINT64_MAX, ret);
}

/* "nofile,1024,unlimited" */
bool linuxkit_limit_write(const char *text, struct go_json *out, struct error *err)
{
	static const char *const known[] = {
		"CPU",	   "FSIZE", "DATA",  "STACK",	   "CORE",     "RSS",  "NPROC",	 "NOFILE",
		"MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};
	uint64_t soft = 0;
	uint64_t hard = 0;
	const char *first = strchr(text, ',');
	const char *second = first ? strchr(first + 1, ',') : NULL;
	if (second == NULL || !parse_limit(first + 1, (size_t)(second - first - 1), &soft) ||
	    !parse_limit(second + 1, strlen(second + 1), &hard))
		return error_set(err, ERROR_INVALID, "rlimit '%s' is not NAME,SOFT,HARD", text);
	const char *name = text + strspn(text, " ");
	if (strncasecmp(name, "RLIMIT_", 7) == 0)
		name += 7;
	size_t length = (size_t)(first - name);
	while (length > 0 && name[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) != length || strncasecmp(known[i], name, length) != 0)
			continue;
		AUTO_FREE char *type = xasprintf("RLIMIT_%s", known[i]);
		go_json_begin(out, NULL, '{');
		go_json_text(out, "type", type);
		go_json_unsigned(out, "hard", hard);
		go_json_unsigned(out, "soft", soft);
		go_json_end(out, '}');
		return true;
	}
	return error_set(err, ERROR_INVALID, "rlimit '%s' has an unknown name", text);
}
