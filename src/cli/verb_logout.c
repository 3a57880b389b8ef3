/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/verb.h"
#include "image/oci/registry_login.h"

static void report(const struct invocation *invocation, const char *host, bool was_known)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (invocation->output != OUTPUT_JSON) {
		(void)printf(was_known ? "forgot the login for %s\n" : "no login for %s was kept\n",
			     host);
		return;
	}
	json_open_object(&json, NULL);
	json_write_text(&json, "registry", host);
	json_write_bool(&json, "wasKnown", was_known);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO_FREE char *host = registry_login_host(rest->count > 0 ? rest->items[0] : "docker.io");
	bool was_known = false;

	if (!registry_login_forget(host, &was_known, err))
		return 1;
	report(invocation, host, was_known);
	AUTO_FREE char *shadow = registry_login_shadow(host);
	if (shadow != NULL)
		output_warning(invocation, "%s still has a login for %s: podman logout %s", shadow,
			       host, host);
	return 0;
}

const struct verb verb_logout = {
	.name = "logout",
	.group = VERB_IMAGE,
	.summary = "forget the login for a registry",
	.description =
		"Takes a registry's user and password (docker.io's without one) out of "
		"~/.docker/config.json, and has the credential helper forget them that it names. "
		"What is not known is no error.",
	.argument = {"REGISTRY", 0, 1, COMPLETE_NONE},
	.has_output = true,
	.names = "{.registry}",
	.example = "i2kit logout registry.example.com",
	.run = run,
};
