/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/reference.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/utf8.h"

enum { TEXT_MAX = 4096, NAME_MAX_BYTES = 255, TAG_MAX_BYTES = 128 };

static const struct {
	const char *prefix;
	enum transport transport;
} transports[] = {
	{"docker://", TRANSPORT_REGISTRY},	     {"oci:", TRANSPORT_OCI},
	{"oci-archive:", TRANSPORT_OCI_ARCHIVE},     {"docker-archive:", TRANSPORT_DOCKER_ARCHIVE},
	{"docker-daemon:", TRANSPORT_DOCKER_DAEMON},
};

const char *transport_prefix(enum transport transport)
{
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		if (transports[i].transport == transport && transport != TRANSPORT_REGISTRY)
			return transports[i].prefix;
	}
	return "";
}

bool transport_is_local(enum transport transport)
{
	return transport != TRANSPORT_REGISTRY;
}

void reference_clear(struct reference *reference)
{
	free(reference->text);
	free(reference->host);
	free(reference->name);
	free(reference->tag);
	free(reference->path);
	*reference = (struct reference){0};
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* with slashes between such components. */
static bool is_valid_name(const char *name)
{
	const char *p = name;
	for (;;) {
		if (!is_lower_alnum(*p))
			return false;
		while (is_lower_alnum(*p))
			p++;
		if (*p == '\0')
			return strlen(name) <= NAME_MAX_BYTES;
		if (*p == '/' || *p == '.')
			p++;
		else if (*p == '_')
			p += p[1] == '_' ? 2 : 1;
		else if (*p == '-')
			p += strspn(p, "-");
		else
			return false;
	}
}

/* [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
static bool is_valid_tag(const char *tag)
{
	size_t length = strlen(tag);
	if (length == 0 || length > TAG_MAX_BYTES || tag[0] == '.' || tag[0] == '-')
		return false;
	for (const char *p = tag; *p != '\0'; p++) {
		if (!isascii(*p) || (!isalnum((unsigned char)*p) && strchr("_.-", *p) == NULL))
			return false;
	}
	return true;
}

static bool is_valid_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits <= 5 && text[digits] == '\0';
}

/* Labels of letters, digits and inner hyphens; or [IPv6]; then perhaps :PORT. */
static bool is_valid_host(const char *host)
{
	if (host[0] == '[') {
		size_t inner = strspn(host + 1, "0123456789abcdefABCDEF:.");
		const char *end = host + 1 + inner;
		return inner >= 2 && *end == ']' &&
		       (end[1] == '\0' || (end[1] == ':' && is_valid_port(end + 2)));
	}
	const char *p = host;
	for (;;) {
		const char *label = p;
		while (isascii(*p) && (isalnum((unsigned char)*p) || *p == '-'))
			p++;
		if (p == label || label[0] == '-' || p[-1] == '-')
			return false;
		if (*p == '\0')
			return true;
		if (*p == ':')
			return is_valid_port(p + 1);
		if (*p != '.')
			return false;
		p++;
	}
}

/* Whether "first/rest" begins with a host, by Docker's rule. */
static bool looks_like_host(const char *first, size_t length)
{
	if (length == strlen("localhost") && memcmp(first, "localhost", length) == 0)
		return true;
	for (size_t i = 0; i < length; i++) {
		if (first[i] == '.' || first[i] == ':' || (first[i] >= 'A' && first[i] <= 'Z'))
			return true;
	}
	return false;
}

static bool refuse(const char *text, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "image '%s': %s", text, why);
}

/* Cuts "@sha256:…" off the end of text. */
static bool take_digest(char *text, const char *whole, struct reference *ret, struct error *err)
{
	char *at = strrchr(text, '@');
	if (at == NULL)
		return true;
	if (!digest_parse(at + 1, &ret->digest)) {
		if (strncmp(at + 1, "sha512:", 7) == 0 || strncmp(at + 1, "sha384:", 7) == 0)
			return error_set(err, ERROR_UNSUPPORTED,
					 "image '%s': only sha256 digests can be checked", whole);
		return refuse(
			whole,
			"what follows @ is no digest: sha256: and 64 hex digits, not all zero",
			err);
	}

	*at = '\0';
	return true;
}

/* NAME[:TAG]: fills host, name and tag. */
static bool parse_named(char *text, const char *whole, struct reference *ret, struct error *err)
{
	char *slash = strrchr(text, '/');
	char *colon = strrchr(slash ? slash : text, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (!is_valid_tag(colon + 1))
			return refuse(whole,
				      "the tag after ':' has a character that tags cannot have",
				      err);
		ret->tag = xstrdup(colon + 1);
	}
	char *first_slash = strchr(text, '/');
	const char *rest = text;
	if (first_slash != NULL && looks_like_host(text, (size_t)(first_slash - text))) {
		*first_slash = '\0';
		ret->host = xstrdup(strcmp(text, "index.docker.io") == 0 ? "docker.io" : text);
		rest = first_slash + 1;
	} else {
		ret->host = xstrdup("docker.io");
	}
	bool is_official = strcmp(ret->host, "docker.io") == 0 && strchr(rest, '/') == NULL;
	ret->name = is_official ? path_join("library", rest) : xstrdup(rest);
	if (!is_valid_host(ret->host))
		return refuse(whole, "the part before the first '/' is not a host name", err);
	if (rest[0] == '\0')
		return refuse(whole, "there is no image name", err);
	for (const char *p = rest; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			return refuse(whole, "image names are lower-case", err);
	}
	if (!is_valid_name(ret->name))
		return refuse(whole, "not an image name", err);
	return true;
}

static void fill_named_text(struct reference *ret)
{
	ret->text = xasprintf("%s%s/%s%s%s%s%s", transport_prefix(ret->transport), ret->host,
			      ret->name, ret->tag ? ":" : "", ret->tag ? ret->tag : "",
			      digest_is_set(&ret->digest) ? "@" : "", DIGEST_TEXT(&ret->digest));
}

static bool parse_registry(char *text, const char *whole, struct reference *ret, struct error *err)
{
	if (!take_digest(text, whole, ret, err) || !parse_named(text, whole, ret, err))
		return false;
	if (ret->tag == NULL && !digest_is_set(&ret->digest))
		ret->tag = xstrdup("latest");
	fill_named_text(ret);
	return true;
}

static bool parse_daemon(char *text, const char *whole, struct reference *ret, struct error *err)
{
	if (digest_parse(text, &ret->digest)) {
		ret->text = xasprintf("docker-daemon:%s", text);
		return true;
	}
	if (strchr(text, '@') != NULL)
		return refuse(whole, "a daemon's image is named by tag or by sha256:ID", err);
	return parse_registry(text, whole, ret, err);
}

/*
 * One folder has one name: `../x` from two manifests is one image, not two. The last part stays as
 * it is written, since disks have it (reference_portable); a place that is not there stays whole.
 */
static void tidy_path(struct reference *reference)
{
	size_t end = strlen(reference->path);

	while (end > 1 && reference->path[end - 1] == '/')
		reference->path[--end] = '\0';
	const char *last = strrchr(reference->path, '/');
	if (last == NULL || last == reference->path)
		return;
	bool is_place = strcmp(last, "/..") == 0 || strcmp(last, "/.") == 0;
	AUTO_FREE char *around =
		is_place ? xstrdup(reference->path)
			 : xstrndup(reference->path, (size_t)(last - reference->path));
	AUTO_FREE char *real = realpath(around, NULL);
	if (real == NULL)
		return;
	char *tidy = is_place ? xstrdup(real) : path_join(real, last + 1);
	free(reference->path);
	reference->path = tidy;
}

/* FILE[:TAG] or FILE@DIGEST; paths with a colon cannot be written, as in other tools. */
static bool parse_path(char *text, const char *whole, const char *folder, struct reference *ret,
		       struct error *err)
{
	char *at = strrchr(text, '@');
	if (at != NULL && strncmp(at, "@sha", 4) == 0 && !take_digest(text, whole, ret, err))
		return false;
	char *colon = strchr(text, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (colon[1] == '\0')
			return refuse(whole, "nothing follows the ':'", err);
		ret->tag = xstrdup(colon + 1);
	}
	if (text[0] == '\0')
		return refuse(whole, "there is no path", err);
	if (text[0] == '/') {
		ret->path = xstrdup(text);
	} else if (folder != NULL && folder[0] == '/') {
		ret->path = path_join(folder, text);
	} else {
		AUTO_FREE char *here = getcwd(NULL, 0);
		if (here == NULL)
			return error_set(err, ERROR_SYSTEM, "the current folder is gone");
		AUTO_FREE char *below = folder ? path_join(folder, text) : xstrdup(text);
		ret->path = path_join(here, below);
	}
	tidy_path(ret);
	ret->text = xasprintf("%s%s%s%s%s%s", transport_prefix(ret->transport), ret->path,
			      ret->tag ? ":" : "", ret->tag ? ret->tag : "",
			      digest_is_set(&ret->digest) ? "@" : "", DIGEST_TEXT(&ret->digest));
	return true;
}

static bool check_characters(const char *text, struct error *err)
{
	size_t length = strlen(text);
	if (length == 0)
		return error_set(err, ERROR_INVALID, "an image name is empty");
	if (length > TEXT_MAX)
		return error_set(err, ERROR_INVALID, "an image name is longer than %d bytes",
				 TEXT_MAX);
	if (!utf8_is_valid(text, length, NULL))
		return error_set(err, ERROR_INVALID, "an image name is not UTF-8");
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, ERROR_INVALID,
					 "an image name has a control character");
	}
	return true;
}

static bool parse_transport(char *rest, const char *whole, const char *folder,
			    struct reference *ret, struct error *err)
{
	switch (ret->transport) {
	case TRANSPORT_REGISTRY:
		return parse_registry(rest, whole, ret, err);
	case TRANSPORT_DOCKER_DAEMON:
		return parse_daemon(rest, whole, ret, err);
	case TRANSPORT_OCI:
	case TRANSPORT_OCI_ARCHIVE:
	case TRANSPORT_DOCKER_ARCHIVE:
		break;
	}
	return parse_path(rest, whole, folder, ret, err);
}

bool reference_parse(const char *text, const char *folder, struct reference *ret, struct error *err)
{
	AUTO(reference_clear) struct reference reference = {0};
	if (!check_characters(text, err))
		return false;
	const char *rest = text;
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		size_t length = strlen(transports[i].prefix);
		if (strncmp(text, transports[i].prefix, length) != 0)
			continue;
		rest = text + length;
		reference.transport = transports[i].transport;
		break;
	}
	AUTO_FREE char *copy = xstrdup(rest);
	if (!parse_transport(copy, text, folder, &reference, err))
		return false;
	*ret = reference;
	reference = (struct reference){0};
	return true;
}

char *reference_portable(const char *text)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	/* Any folder will do: it is left out again. */
	if (!reference_parse(text, "/", &reference, &ignored) || reference.path == NULL)
		return xstrdup(text);
	const char *prefix = transport_prefix(reference.transport);
	const char *rest = reference.text + strlen(prefix) + strlen(reference.path);
	size_t end = strlen(reference.path);
	while (end > 0 && reference.path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin > 0 && reference.path[begin - 1] != '/')
		begin--;
	/* "." stays: what it is called is not for the disk to say. */
	if (begin == end)
		return xasprintf("%s.%s", prefix, rest);
	return xasprintf("%s%.*s%s", prefix, (int)(end - begin), reference.path + begin, rest);
}
