/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

#define STATE_LISTEN "0A" /* include/net/tcp_states.h; UDP sockets are 07 */

struct holder {
	uint64_t inode;
	uint64_t uid;
};

/*
 * "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 …"
 */
static bool parse_row(char *row, uint16_t port, bool is_udp, struct holder *ret)
{
	const char *fields[10];
	size_t count = 0;
	const char *colon;
	uint64_t number;

	for (char *at = row; count < 10 && *(at += strspn(at, " ")) != '\0';) {
		fields[count++] = at;
		at += strcspn(at, " \n");
		if (*at != '\0')
			*at++ = '\0';
	}
	if (count < 10 || (colon = strchr(fields[1], ':')) == NULL)
		return false;
	if (!parse_hex_u64(colon + 1, UINT16_MAX, &number) || number != port)
		return false;
	if (!is_udp && strcmp(fields[3], STATE_LISTEN) != 0)
		return false;
	return parse_u64(fields[7], 0, UINT32_MAX, &ret->uid) &&
	       parse_u64(fields[9], 1, UINT64_MAX, &ret->inode);
}

static bool find_in_table(const char *path, uint16_t port, bool is_udp, struct holder *ret)
{
	AUTO_FCLOSE FILE *table = fopen(path, "re");
	char row[512];

	while (table != NULL && fgets(row, sizeof(row), table) != NULL) {
		if (parse_row(row, port, is_udp, ret))
			return true;
	}
	return false;
}

static bool find_holder(uint16_t port, bool is_udp, struct holder *ret)
{
	if (is_udp)
		return find_in_table("/proc/net/udp", port, true, ret) ||
		       find_in_table("/proc/net/udp6", port, true, ret);
	return find_in_table("/proc/net/tcp", port, false, ret) ||
	       find_in_table("/proc/net/tcp6", port, false, ret);
}

static void auto_closedir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
}

static bool process_has_socket(const char *pid, uint64_t inode)
{
	AUTO_FREE char *folder = xasprintf("/proc/%s/fd", pid);
	AUTO_FREE char *wanted = xasprintf("socket:[%" PRIu64 "]", inode);
	AUTO(auto_closedir) DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char target[64];
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (size <= 0)
			continue;
		target[size] = '\0';
		if (strcmp(target, wanted) == 0)
			return true;
	}
	return false;
}

static char *describe_process(const char *pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%s/comm", pid);
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	char name[64] = "process";

	if (file != NULL && fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	strbuf_append_printable(&text, name, strlen(name));
	strbuf_appendf(&text, " (process %s)", pid);
	return strbuf_take(&text);
}

static char *describe_user(uint64_t uid)
{
	struct passwd entry;
	struct passwd *found = NULL;
	char buffer[1024];

	if (getpwuid_r((uid_t)uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		return xasprintf("a process of user %s", entry.pw_name);
	return xasprintf("a process of user %" PRIu64, uid);
}

char *port_owner_describe(uint16_t port, bool is_udp)
{
	AUTO(auto_closedir) DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct holder holder;

	if (!find_holder(port, is_udp, &holder))
		return xstrdup("another process");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_has_socket(entry->d_name, holder.inode))
			return describe_process(entry->d_name);
	}
	return describe_user(holder.uid);
}
