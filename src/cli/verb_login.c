/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/ask_secret.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "image/oci/registry_login.h"

enum { MAX_PASSWORD = 64 << 10 };

/* All of standard input, without the newline that echo puts behind it. Owned. */
static char *read_stdin(struct error *err)
{
	AUTO_FREE char *text = xcalloc(1, MAX_PASSWORD + 1);
	size_t size = 0;
	ssize_t got;

	while (size < MAX_PASSWORD &&
	       (got = read(STDIN_FILENO, text + size, MAX_PASSWORD - size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set_errno(err, errno, "standard input");
			return NULL;
		}
		size += (size_t)got;
	}
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		text[--size] = '\0';
	if (size > 0 && strlen(text) == size)
		return TAKE_PTR(text);
	error_set(err, ERROR_USAGE, "--password-stdin: standard input has no password");
	(void)error_hint(err, "printf %%s \"$TOKEN\" | i2kit login -u USER --password-stdin HOST");
	return NULL;
}

/* The user's name is asked for and shown; a password never is. */
static char *ask_user(const char *host, struct error *err)
{
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;

	if (!isatty(STDIN_FILENO)) {
		error_set(err, ERROR_USAGE, "login: whose password? there is nobody to ask");
		(void)error_hint(err, "i2kit login -u USER --password-stdin %s", host);
		return NULL;
	}
	(void)fprintf(stderr, "user at %s: ", host);
	ssize_t got = getline(&line, &capacity, stdin);
	if (got > 0 && line[got - 1] == '\n')
		line[--got] = '\0';
	if (got > 0)
		return TAKE_PTR(line);
	error_set(err, ERROR_CANCELLED, "no user given");
	return NULL;
}

static bool ask(const struct invocation *invocation, const char *host, struct credential *ret,
		struct error *err)
{
	const struct arguments *args = invocation->args;
	const char *user = arguments_value(args, "username");
	bool is_piped = arguments_flag(args, "password-stdin");

	if (is_piped && user == NULL) {
		error_set(err, ERROR_USAGE, "--password-stdin needs --username");
		return error_hint(err, "i2kit login -u USER --password-stdin %s", host);
	}
	ret->username = user != NULL ? xstrdup(user) : ask_user(host, err);
	if (ret->username == NULL)
		return false;
	/* In the file the two are one text, USER:PASSWORD. */
	if (ret->username[0] == '\0' || strchr(ret->username, ':') != NULL)
		return error_set(err, ERROR_USAGE, "--username: '%s' is no user's name",
				 ret->username);
	AUTO_FREE char *question = xasprintf("password of %s at %s", ret->username, host);
	ret->password = is_piped ? read_stdin(err) : ask_secret(question, err);
	if (ret->password == NULL)
		return false;
	return ret->password[0] != '\0' || error_set(err, ERROR_USAGE, "the password is empty");
}

static void report(const struct invocation *invocation, const char *host, const char *user,
		   const char *place)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (invocation->output != OUTPUT_JSON) {
		(void)printf("%s takes %s; kept by %s\n", host, user, place);
		return;
	}
	json_open_object(&json, NULL);
	json_write_text(&json, "registry", host);
	json_write_text(&json, "username", user);
	json_write_text(&json, "keptBy", place);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	const struct string_list *insecure =
		arguments_values(invocation->args, "insecure-registry");
	AUTO_FREE char *host = registry_login_host(rest->count > 0 ? rest->items[0] : "docker.io");
	AUTO(credential_clear) struct credential credential = {0};

	if (!ask(invocation, host, &credential, err) ||
	    !registry_login_try(host, (const char *const *)insecure->items, &credential, err))
		return 1;
	AUTO_FREE char *place = registry_login_keep(host, &credential, err);
	if (place == NULL)
		return 1;
	report(invocation, host, credential.username, place);
	AUTO_FREE char *shadow = registry_login_shadow(host);
	if (shadow != NULL)
		output_warning(invocation, "%s knows another login for %s, and is asked first",
			       shadow, host);
	return 0;
}

static const struct option_spec options[] = {
	{"username", 'u', OPTION_VALUE, "USER", "else it is asked for", COMPLETE_NONE},
	{"password-stdin", 0, OPTION_FLAG, NULL, "the password comes by standard input",
	 COMPLETE_NONE},
	INSECURE_REGISTRY_OPTION,
};

const struct verb verb_login = {
	.name = "login",
	.group = VERB_IMAGE,
	.summary = "keep a user and password for a registry",
	.description =
		"Asks the registry (docker.io without one) whether it takes the user and the "
		"password, and keeps them where docker does: in ~/.docker/config.json, or with the "
		"credential helper that this file names for the host. docker, podman and skopeo "
		"find them there, as i2kit finds theirs. Docker itself is not needed.\n\n"
		"The password is asked for at the terminal and not shown, or read with "
		"--password-stdin; it is never an argument, which everybody on this machine could "
		"read.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"REGISTRY", 0, 1, COMPLETE_NONE},
	.has_output = true,
	.names = "{.registry}",
	.example = "i2kit login\n"
		   "i2kit login -u bot --password-stdin registry.example.com < token",
	.run = run,
};
