/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/public_key.h"
#include "image/oci/reference.h"
#include "image/oci/signature_fetch.h"
#include "image/oci/signed_identity.h"
#include "image/policy/lookaside.h"
#include "image/policy/openpgp.h"
#include "image/policy/policy_document.h"
#include "image/policy/signature_payload.h"
#include "image/policy/transparency_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_policy(const char *text, size_t size)
{
	AUTO(policy_document_clear) struct policy_document document = {0};
	AUTO(reference_clear) struct reference image = {0};
	AUTO(string_list_clear) struct string_list scopes = STRING_LIST_INIT;
	if (!policy_document_parse(text, size, "policy.json", &document, NULL))
		return;
	string_list_add(&scopes, "docker.io/library/nginx:1");
	if (!reference_parse("nginx:1", NULL, &image, NULL) ||
	    policy_document_find(&document, "docker", &scopes)->count == 0)
		abort();
	for (size_t i = 0; i < document.count; i++) {
		for (size_t k = 0; k < document.rules[i].count; k++) {
			const struct identity_rule *rule = &document.rules[i].items[k].identity;
			if (signed_identity_check(rule, NULL))
				(void)signed_identity_matches(rule, &image, "nginx:1");
		}
	}
}

static void read_lookaside(const char *text, size_t size)
{
	AUTO(lookaside_clear) struct lookaside lookaside = {0};
	AUTO(string_list_clear) struct string_list scopes = STRING_LIST_INIT;
	string_list_add(&scopes, "docker.io");
	(void)!lookaside_add(&lookaside, text, size, "a.yaml", NULL);
	(void)lookaside_url(&lookaside, &scopes);
	(void)lookaside_has_attachments(&lookaside, &scopes);
}

static void read_payload(const char *text, size_t size)
{
	AUTO(signature_payload_clear) struct signature_payload payload = {0};
	const struct identity_rule rule = {.kind = IDENTITY_REPO_DIGEST_OR_EXACT};
	AUTO(reference_clear) struct reference image = {0};
	if (reference_parse("nginx:1", NULL, &image, NULL) &&
	    signature_payload_parse(text, size, SIGNATURE_SIGSTORE, &payload, NULL))
		(void)signed_identity_matches(&rule, &image, payload.reference);
}

static void read_layers(const char *text, size_t size)
{
	AUTO(signature_layers_clear) struct signature_layers layers = {0};
	(void)!signature_layers_parse(text, size, &layers, NULL);
}

static void read_keys(const char *text, size_t size)
{
	AUTO_FREE uint8_t *ring = NULL;
	size_t ring_size = 0;
	AUTO_PTR(public_key) struct public_key *key = public_key_read(text, size, NULL);
	(void)!openpgp_read_keys(text, size, &ring, &ring_size, NULL);
}

static void read_status(const char *text, size_t size)
{
	AUTO_FREE char *status = xstrndup(text, size);
	char fingerprint[129] = "";
	if (openpgp_read_status(status, fingerprint, NULL) && strlen(fingerprint) < 32)
		abort();
}

static void read_promise(const char *text, size_t size)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
				  "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				  "-----END PUBLIC KEY-----\n";
	AUTO_PTR(public_key) struct public_key *key = public_key_read(pem, sizeof(pem) - 1, NULL);
	const struct log_subject subject = {.payload = "x",
					    .payload_size = 1,
					    .signature = "y",
					    .signature_size = 1,
					    .key = key};
	if (key == NULL || transparency_log_check(text, size, key, &subject, NULL))
		abort();
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const readers[])(const char *, size_t) = {
		read_policy, read_lookaside, read_payload, read_layers,
		read_keys,   read_status,    read_promise};
	if (size > 0)
		readers[bytes[0] % ARRAY_SIZE(readers)]((const char *)bytes + 1, size - 1);
	return 0;
}
