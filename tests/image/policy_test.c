/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule is about an image, and whether a signature is for it. */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/policy_scope.h"
#include "image/oci/signed_identity.h"
#include "image/policy/lookaside.h"
#include "image/policy/openpgp.h"
#include "image/policy/policy_document.h"
#include "image/policy/signature_payload.h"
#include "test.h"

#define D   "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ANY "[{\"type\":\"insecureAcceptAnything\"}]"

static void scopes_go_from_the_image_to_its_host(void **state)
{
	static const struct {
		const char *image;
		const char *scopes;
	} cases[] = {
		{"nginx:1", "docker.io/library/nginx:1 docker.io/library/nginx docker.io/library "
			    "docker.io *.io"},
		{"a.b.c:5000/x/y@" D,
		 "a.b.c:5000/x/y@" D " a.b.c:5000/x/y a.b.c:5000/x a.b.c:5000 *.b.c *.c"},
		{"a.b/x:1@" D, "a.b/x@" D " a.b/x a.b *.b"},
		{"oci:/nowhere/a/b:tag", "/nowhere/a/b /nowhere/a /nowhere"},
		{"docker-archive:/nowhere/a:x:1", ""},
		{"docker-daemon:x:1",
		 "docker.io/library/x:1 docker.io/library/x docker.io/library docker.io *.io"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(reference_clear) struct reference reference = {0};
		AUTO(string_list_clear) struct string_list scopes = STRING_LIST_INIT;
		assert_true(reference_parse(cases[i].image, NULL, &reference, NULL));
		policy_scope_list(&reference, &scopes);
		AUTO_FREE char *text = string_list_join(&scopes, " ");
		assert_string_equal(text, cases[i].scopes);
	}
}

static void the_most_specific_rule_wins(void **state)
{
	static const char text[] = "{\"default\":" ANY ",\"transports\":{\"docker\":{\"\":" ANY
				   ",\"a.b\":" ANY ",\"a.b/x\":" ANY "},\"oci\":{\"/a\":" ANY "}}}";
	static const struct {
		const char *scopes;
		const char *transport;
		const char *found; /* NULL: the default of all */
	} cases[] = {{"a.b/x:1 a.b/x a.b", "docker", "a.b/x"},
		     {"a.b/y:1 a.b/y a.b", "docker", "a.b"},
		     {"c/y", "docker", ""},
		     {"/b", "oci", NULL},
		     {"/a", "oci", "/a"},
		     {"a.b", "docker-daemon", NULL}};
	AUTO(policy_document_clear) struct policy_document document = {0};
	(void)state;
	assert_true(policy_document_parse(text, strlen(text), "p", &document, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(string_list_clear) struct string_list scopes = STRING_LIST_INIT;
		string_list_split(&scopes, cases[i].scopes, ' ');
		const struct signature_rule *rule =
			policy_document_find(&document, cases[i].transport, &scopes);
		if (cases[i].found == NULL)
			assert_null(rule->transport);
		else
			assert_string_equal(rule->scope, cases[i].found);
	}
}

static void a_policy_with_anything_unknown_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"default\":[]}",
		"{\"default\":null}",
		"{\"default\":[null]}",
		"{\"default\":[{}]}",
		"{\"default\":" ANY ",\"x\":1}",
		"{\"default\":" ANY ",\"transports\":{\"docker\":null}}",
		"{\"default\":" ANY ",\"transports\":{\"docker\":{\"a\":[]}}}",
		"{\"default\":" ANY ",\"transports\":{\"oci\":{\"/\":" ANY "}}}",
		"{\"default\":" ANY ",\"transports\":{\"oci\":{\"/a/../b\":" ANY "}}}",
		"{\"default\":" ANY ",\"transports\":{\"docker-archive\":{\"/a\":" ANY "}}}",
		"{\"default\":[{\"type\":\"reject\",\"type\":\"reject\"}]}",
		"{\"default\":[{\"type\":\"signedBy\",\"keyPath\":\"/k\"}]}",
		"{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\"}]}",
		"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/"
		"k\",\"keyData\":\"AA==\"}]}",
		"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"\"}]}",
		"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPaths\":[]}]}",
		"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/k\",\"signedIdentity\":"
		"{\"type\":\"matchExact\",\"prefix\":\"x\"}}]}",
		"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/k\",\"signedIdentity\":"
		"{\"type\":\"remapIdentity\",\"prefix\":\"x\"}}]}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(policy_document_clear) struct policy_document document = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (policy_document_parse(bad[i], strlen(bad[i]), "p", &document, &err))
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(err.message);
	}
}

static void a_signature_is_for_the_name_that_was_asked_for(void **state)
{
	const struct {
		struct identity_rule rule;
		const char *image;
		const char *name;
		bool matches;
	} cases[] = {
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:1", "a.b/x:1", true},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:1", "a.b/x:2", false},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:1", "a.b/x", false},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:latest", "a.b/x", false},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:1", "docker://a.b/x:1", false},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x:1", "oci:/a.b/x:1", false},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "a.b/x@" D, "a.b/x:7", true},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT},
		 "nginx:1",
		 "docker.io/library/nginx:1",
		 true},
		{{.kind = IDENTITY_REPO_DIGEST_OR_EXACT}, "oci:/x:1", "a.b/x:1", false},
		{{.kind = IDENTITY_EXACT}, "a.b/x@" D, "a.b/x:7", false},
		{{.kind = IDENTITY_EXACT}, "a.b/x@" D, "a.b/x@" D, true},
		{{.kind = IDENTITY_REPOSITORY}, "a.b/x:1", "a.b/x", true},
		{{.kind = IDENTITY_REPOSITORY}, "a.b/x:1", "a.b/y", false},
		{{.kind = IDENTITY_EXACT_REFERENCE, .name = (char[]){"c/y:1"}},
		 "a.b/x:1",
		 "c/y:1",
		 true},
		{{.kind = IDENTITY_EXACT_REFERENCE, .name = (char[]){"c/y:1"}},
		 "a.b/x:1",
		 "c/y:2",
		 false},
		{{.kind = IDENTITY_EXACT_REPOSITORY, .name = (char[]){"c/y"}},
		 "oci:/x:1",
		 "c/y:2",
		 true},
		{{.kind = IDENTITY_REMAP,
		  .name = (char[]){"a.b"},
		  .signed_prefix = (char[]){"c.d/e"}},
		 "a.b/x:1",
		 "c.d/e/x:1",
		 true},
		{{.kind = IDENTITY_REMAP,
		  .name = (char[]){"a.b"},
		  .signed_prefix = (char[]){"c.d/e"}},
		 "a.bc/x:1",
		 "c.d/e/x:1",
		 false},
		{{.kind = IDENTITY_REMAP,
		  .name = (char[]){"z.z"},
		  .signed_prefix = (char[]){"c.d/e"}},
		 "a.b/x:1",
		 "a.b/x:1",
		 true},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(reference_clear) struct reference image = {0};
		assert_true(reference_parse(cases[i].image, NULL, &image, NULL));
		if (signed_identity_matches(&cases[i].rule, &image, cases[i].name) !=
		    cases[i].matches)
			fail_msg("%zu: %s, signed for %s", i, cases[i].image, cases[i].name);
	}
}

static void a_scope_of_registries_d_stands_once(void **state)
{
	static const char one[] = "default-docker: {lookaside: 'file:///d'}\n"
				  "docker:\n  a.b: {use-sigstore-attachments: true}\n"
				  "  a.b/x: {lookaside: 'https://l', other: 1}\n";
	static const char two[] = "docker: {a.b: {lookaside: x}}\n";
	AUTO(lookaside_clear) struct lookaside lookaside = {0};
	AUTO(string_list_clear) struct string_list scopes = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list others = STRING_LIST_INIT;
	(void)state;
	string_list_split(&scopes, "a.b/x:1 a.b/x a.b", ' ');
	string_list_split(&others, "c/x", ' ');
	assert_true(lookaside_add(&lookaside, one, strlen(one), "1.yaml", NULL));
	assert_false(lookaside_add(&lookaside, two, strlen(two), "2.yaml", NULL));
	assert_string_equal(lookaside_url(&lookaside, &scopes), "https://l");
	assert_string_equal(lookaside_url(&lookaside, &others), "file:///d");
	assert_true(lookaside_has_attachments(&lookaside, &scopes));
	assert_false(lookaside_has_attachments(&lookaside, &others));
}

static void one_good_signature_counts_and_no_other(void **state)
{
#define FPR   "65CD8E4B8AC7223710BBCDA463C046CA7D22DD8B"
#define NEW   "[GNUPG:] NEWSIG\n"
#define GOOD  "[GNUPG:] GOODSIG 63C046CA7D22DD8B a\n"
#define VALID "[GNUPG:] VALIDSIG AAAA 2026-12-01 1 0 4 0 22 8 00 " FPR "\n"
	static const char *const bad[] = {"",
					  NEW GOOD,
					  NEW VALID,
					  NEW GOOD VALID NEW GOOD VALID,
					  NEW GOOD VALID NEW "[GNUPG:] ERRSIG x\n",
					  NEW "[GNUPG:] EXPKEYSIG x\n" VALID,
					  NEW "[GNUPG:] REVKEYSIG x\n" VALID,
					  NEW GOOD VALID "[GNUPG:] NO_PUBKEY x\n",
					  "GOODSIG x\nVALIDSIG " FPR "\n"};
	char fingerprint[129] = "";
	(void)state;
	assert_true(openpgp_read_status(NEW GOOD VALID, fingerprint, NULL));
	assert_string_equal(fingerprint, FPR);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (openpgp_read_status(bad[i], fingerprint, NULL))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void what_is_signed_has_no_other_keys(void **state)
{
#define BODY(type, more)                                                                           \
	"{\"critical\":{\"type\":\"" type "\",\"image\":{\"docker-manifest-digest\":\"" D          \
	"\"},\"identity\":{\"docker-reference\":\"a.b/x\"}" more "},\"optional\":{\"x\":1}}"
	static const char good[] = BODY(SIGNATURE_SIGSTORE, "");
	static const char more[] = BODY(SIGNATURE_SIGSTORE, ",\"x\":1");
	AUTO(signature_payload_clear) struct signature_payload payload = {0};
	(void)state;
	assert_true(
		signature_payload_parse(good, strlen(good), SIGNATURE_SIGSTORE, &payload, NULL));
	assert_string_equal(payload.reference, "a.b/x");
	signature_payload_clear(&payload);
	assert_false(signature_payload_parse(good, strlen(good), SIGNATURE_SIMPLE, &payload, NULL));
	assert_false(
		signature_payload_parse(more, strlen(more), SIGNATURE_SIGSTORE, &payload, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_go_from_the_image_to_its_host),
		cmocka_unit_test(the_most_specific_rule_wins),
		cmocka_unit_test(a_policy_with_anything_unknown_is_refused),
		cmocka_unit_test(a_signature_is_for_the_name_that_was_asked_for),
		cmocka_unit_test(a_scope_of_registries_d_stands_once),
		cmocka_unit_test(one_good_signature_counts_and_no_other),
		cmocka_unit_test(what_is_signed_has_no_other_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
