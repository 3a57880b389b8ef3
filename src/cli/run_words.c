/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define MAX_ENV_FILE ((size_t)1 << 20)
#define MAX_NAME     40 /* of a pod whose name gets more behind it */

void run_volume_clear(struct run_volume *volume)
{
	free(volume->host_path);
	free(volume->path);
	*volume = (struct run_volume){0};
}

static bool bad_volume(const char *word, struct error *err)
{
	error_set(err, ERROR_USAGE, "-v: '%s' is no FOLDER:PATH[:ro]", word);
	return error_hint(err, "-v ./src:/src, -v /data:/data:ro");
}

static bool check_host_path(const char *word, struct run_volume *volume, struct error *err)
{
	const char *given = volume->host_path;

	/* What docker would call a named volume. */
	if (given[0] != '/' && given[0] != '.' && given[0] != '~') {
		error_set(err, ERROR_UNSUPPORTED, "-v %s: a run has no named volumes", word);
		return error_hint(err,
				  "a folder here: -v ./%s:%s; volumes that stay are claims in a "
				  "manifest: i2kit explain volumes",
				  given, volume->path);
	}
	AUTO_FREE char *real = realpath(given, NULL);
	if (real == NULL)
		return error_set_errno(err, errno, "-v %s: %s", word, given);
	free(volume->host_path);
	volume->host_path = TAKE_PTR(real);
	return true;
}

bool run_volume_read(const char *word, struct run_volume *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO(run_volume_clear) struct run_volume volume = {0};

	string_list_split(&parts, word, ':');
	if (parts.count < 2 || parts.count > 3 || parts.items[0][0] == '\0' ||
	    parts.items[1][0] != '/')
		return bad_volume(word, err);
	if (parts.count == 3) {
		volume.is_read_only = strcmp(parts.items[2], "ro") == 0;
		if (!volume.is_read_only && strcmp(parts.items[2], "rw") != 0)
			return bad_volume(word, err);
	}
	volume.host_path = xstrdup(parts.items[0]);
	volume.path = xstrdup(parts.items[1]);
	if (!check_host_path(word, &volume, err))
		return false;
	*ret = volume;
	volume = (struct run_volume){0};
	return true;
}

void run_port_clear(struct run_port *port)
{
	free(port->address);
	*port = (struct run_port){0};
}

static bool take_protocol(char *text, bool *ret_is_udp)
{
	char *slash = strchr(text, '/');

	*ret_is_udp = slash != NULL && strcmp(slash, "/udp") == 0;
	if (slash == NULL)
		return true;
	if (!*ret_is_udp && strcmp(slash, "/tcp") != 0)
		return false;
	*slash = '\0';
	return true;
}

bool run_port_read(const char *word, struct run_port *ret, struct error *err)
{
	AUTO_FREE char *text = xstrdup(word);
	struct run_port port = {0};
	char *last = NULL;
	char *middle = NULL;

	if (take_protocol(text, &port.is_udp) && (last = strrchr(text, ':')) != NULL) {
		*last++ = '\0';
		middle = strrchr(text, ':');
		if (middle != NULL)
			*middle++ = '\0';
	}
	if (last == NULL || !parse_port(last, &port.port) ||
	    !parse_port(middle != NULL ? middle : text, &port.host_port) ||
	    (middle != NULL && text[0] == '\0')) {
		error_set(err, ERROR_USAGE, "-p: '%s' is no [ADDRESS:]LOCAL:PORT[/udp]", word);
		return error_hint(err, "-p 8080:80; a project is named with --project");
	}
	/* "[::1]" */
	if (middle != NULL && text[0] == '[' && text[strlen(text) - 1] == ']')
		port.address = xstrndup(text + 1, strlen(text) - 2);
	else
		port.address = middle != NULL ? xstrdup(text) : NULL;
	*ret = port;
	return true;
}

bool run_env_read(const char *word, struct string_list *ret, struct error *err)
{
	size_t length = strcspn(word, "=");
	AUTO_FREE char *name = xstrndup(word, length);

	if (length == 0)
		return error_set(err, ERROR_USAGE, "'%.80s' is no variable: NAME=VALUE", word);
	if (!utf8_is_valid(word, strlen(word), NULL))
		return error_set(err, ERROR_INVALID, "variable '%s' is not UTF-8", name);
	if (word[length] == '=')
		string_list_add(ret, word);
	else if (getenv(name) != NULL)
		string_list_addf(ret, "%s=%s", name, getenv(name));
	return true;
}

bool run_env_file_read(const char *path, struct string_list *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	size_t size = 0;

	if (!file_read(path, MAX_ENV_FILE, &text, &size, err))
		return false;
	if (strlen(text) != size)
		return error_set(err, ERROR_INVALID, "%s: there is a NUL in it", path);
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		line[strcspn(line, "\r")] = '\0';
		line += strspn(line, " \t");
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (!run_env_read(line, ret, err))
			return error_prefix(err, "%s:%zu", path, i + 1);
	}
	return true;
}

/* Without transport, tag and digest, from the last slash on. */
static char *last_part(const char *image)
{
	AUTO_FREE char *whole = xstrndup(image, strcspn(image, "@"));
	char *slash = strrchr(whole, '/');
	char *name = slash != NULL ? slash + 1 : strrchr(whole, ':');

	if (slash == NULL && name != NULL && strncmp(whole, "oci", 3) == 0)
		return xstrdup(name + 1);
	name = slash != NULL ? slash + 1 : whole;
	return xstrndup(name, strcspn(name, ":"));
}

char *run_pod_name(const char *image)
{
	AUTO_FREE char *part = last_part(image);
	struct strbuf name = STRBUF_INIT;

	for (const char *at = part; *at != '\0' && name.size < MAX_NAME; at++) {
		char letter = (char)tolower((unsigned char)*at);
		if (isalnum((unsigned char)letter))
			strbuf_append_char(&name, letter);
		else if (name.size > 0 && name.data[name.size - 1] != '-')
			strbuf_append_char(&name, '-');
	}
	while (name.size > 0 && name.data[name.size - 1] == '-')
		name.data[--name.size] = '\0';
	/* A name begins with a letter. */
	if (name.size == 0 || !isalpha((unsigned char)name.data[0])) {
		AUTO_FREE char *rest = strbuf_take(&name);
		return xasprintf("run%s%s", rest != NULL && rest[0] != '\0' ? "-" : "",
				 rest != NULL ? rest : "");
	}
	return strbuf_take(&name);
}
