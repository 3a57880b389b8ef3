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
#include "base/path.h"
#include "base/strbuf.h"

#define STATE_LISTEN "0A" /* include/net/tcp_states.h; UDP sockets are 07 */

struct holder {
	uint64_t inode;
	uint64_t uid;
};

/* As /proc/net writes addresses: each four bytes as one number of this machine, in hexadecimal. */
static void write_host(const struct socket_address *address, char out[33])
{
	uint32_t words[4] = {0};
	bool is_v6 = address->u.any.sa_family == AF_INET6;

	if (is_v6)
		memcpy(words, &address->u.v6.sin6_addr, sizeof(words));
	else
		words[0] = address->u.v4.sin_addr.s_addr;
	for (size_t i = 0; i < (is_v6 ? 4U : 1U); i++)
		(void)snprintf(out + 8 * i, 9, "%08" PRIX32, words[i]);
}

static bool is_any(const char *host, size_t size)
{
	return strspn(host, "0") >= size;
}

/*
 * "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 …"
 */
static bool parse_row(char *row, const struct socket_address *wanted, bool is_udp,
		      struct holder *ret)
{
	const char *fields[10];
	char host[33] = "";
	size_t count = 0;
	size_t size;
	uint64_t number;

	for (char *at = row; count < 10 && *(at += strspn(at, " ")) != '\0';) {
		fields[count++] = at;
		at += strcspn(at, " \n");
		if (*at != '\0')
			*at++ = '\0';
	}
	if (count < 10 || strchr(fields[1], ':') == NULL)
		return false;
	size = strcspn(fields[1], ":");
	if (!parse_hex_u64(fields[1] + size + 1, UINT16_MAX, &number) ||
	    number != socket_address_port(wanted))
		return false;
	write_host(wanted, host);
	if (!is_any(fields[1], size) && !socket_address_is_any(wanted) &&
	    (size != strlen(host) || strncmp(fields[1], host, size) != 0))
		return false;
	if (!is_udp && strcmp(fields[3], STATE_LISTEN) != 0)
		return false;
	return parse_u64(fields[7], 0, UINT32_MAX, &ret->uid) &&
	       parse_u64(fields[9], 1, UINT64_MAX, &ret->inode);
}

static bool find_in_table(const char *path, const struct socket_address *wanted, bool is_udp,
			  struct holder *ret)
{
	AUTO_FCLOSE FILE *table = fopen(path, "re");
	char row[512];

	while (table != NULL && fgets(row, sizeof(row), table) != NULL) {
		if (parse_row(row, wanted, is_udp, ret))
			return true;
	}
	return false;
}

static bool find_holder(const struct socket_address *wanted, bool is_udp, struct holder *ret)
{
	if (is_udp)
		return find_in_table("/proc/net/udp", wanted, true, ret) ||
		       find_in_table("/proc/net/udp6", wanted, true, ret);
	return find_in_table("/proc/net/tcp", wanted, false, ret) ||
	       find_in_table("/proc/net/tcp6", wanted, false, ret);
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

/* "… supervise shop": a supervisor of ours; the project's name, or NULL. Owned. */
static char *supervised_project(const char *pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%s/cmdline", pid);
	AUTO_FREE char *line = NULL;
	size_t size = 0;

	if (!file_read(path, 65536, &line, &size, NULL))
		return NULL;
	for (size_t at = 0; at < size; at += strlen(line + at) + 1) {
		if (strcmp(line + at, "supervise") == 0 && at + sizeof("supervise") < size)
			return xstrdup(line + at + sizeof("supervise"));
	}
	return NULL;
}

static char *describe_process(const char *pid)
{
	AUTO_FREE char *project = NULL;
	AUTO_FREE char *path = xasprintf("/proc/%s/comm", pid);
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	char name[64] = "process";

	if (file != NULL && fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (strcmp(name, "i2kit") == 0)
		project = supervised_project(pid);
	if (project != NULL) {
		strbuf_append(&text, "i2kit's project '");
		strbuf_append_printable(&text, project, strlen(project));
		strbuf_append_char(&text, '\'');
		return strbuf_take(&text);
	}
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

char *port_owner_describe(const struct socket_address *address, bool is_udp)
{
	AUTO(auto_closedir) DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct holder holder;

	if (!find_holder(address, is_udp, &holder))
		return xstrdup("another process");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_has_socket(entry->d_name, holder.inode))
			return describe_process(entry->d_name);
	}
	return describe_user(holder.uid);
}
