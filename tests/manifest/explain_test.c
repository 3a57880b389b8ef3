/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/environment.h"
#include "manifest/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/kubernetes.h"
#include "manifest/loader.h"
#include "manifest/short_form.h"
#include "test.h"

static void the_published_table_is_up_to_date(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *published = NULL;
	size_t size = 0;
	(void)state;
	explain_table(&text);
	assert_true(file_read(FIELDS_TABLE, 1 << 20, &published, &size, &err));
	if (strcmp(published, strbuf_text(&text)) != 0)
		fail_msg("run: i2kit explain --table > doc/fields.md");
}

static char *explain(const char *path)
{
	struct strbuf text = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!explain_path(path, &text, &err))
		strbuf_appendf(&text, "error: %s (%s)", err.message, err.hint ? err.hint : "");
	return strbuf_take(&text);
}

static void assert_says(const char *path, const char *what)
{
	AUTO_FREE char *text = explain(path);
	if (strstr(text, what) == NULL)
		fail_msg("explain %s says:\n%s", path, text);
}

static void paths_lead_through_objects_pods_and_the_short_form(void **state)
{
	(void)state;
	assert_says("deployment.spec.template.spec.containers[0].image", "docker-archive:");
	assert_says("Pod.spec.containers.livenessProbe", "periodSeconds");
	assert_says("containers.ports", "8080:80");
	assert_says("i2kit.restartPolicy", "Always, OnFailure, Never");
	assert_says("spec.volumes.hostPath", "verdict: used");
	assert_says("environment.provider.region", "AWS_REGION");
	assert_says("StatefulSet.spec.serviceName", "only in: StatefulSet");
}

static void kinds_are_called_as_kubectl_calls_them(void **state)
{
	static const char *const names[] = {"deploy",
					    "deployments.spec.replicas",
					    "po.spec.containers",
					    "svc",
					    "sts.spec.serviceName",
					    "secrets",
					    "cm",
					    "pvc",
					    "ing",
					    "ingresses",
					    "networkpolicies",
					    "netpol",
					    "endpoints",
					    "ep",
					    "JOBS",
					    "storageclasses"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *text = explain(names[i]);
		if (strncmp(text, "error", 5) == 0)
			fail_msg("explain %s: %s", names[i], text);
	}
	assert_says("deploy", "here:");
	assert_says("secrets", "stringData");
	assert_says("pods.spec.hostPID", "verdict: refused");
}

static void refused_kinds_say_what_to_do(void **state)
{
	(void)state;
	assert_says("ingress", "published on 8080");
	assert_says("GRPCRoute", "instead: an Ingress");
	assert_says("pod.spec.hostPID", "verdict: refused");
	assert_says("affinity", "verdict: no effect");
}

static void a_typo_is_answered_with_the_nearest_name(void **state)
{
	(void)state;
	assert_says("readinesProbe", "i2kit explain readinessProbe");
	assert_says("deployment.spec.replica", "did you mean replicas?");
	assert_says("pod.spec.hostname.x", "nothing stands below 'hostname'");
}

static void check_set(const struct field_set *set, unsigned depth)
{
	if (set == NULL || depth > 16)
		return;
	for (size_t i = 0; i < set->count; i++) {
		const struct field *field = &set->fields[i];
		if (field->verdict != FIELD_USED && field->help == NULL)
			fail_msg("%s.%s does not say why or what instead", set->name, field->name);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(set->fields[k].name, field->name) == 0)
				fail_msg("%s.%s is there twice", set->name, field->name);
		}
		check_set(field->inner, depth + 1);
	}
	check_set(set->base, depth + 1);
}

static void every_field_without_use_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < kind_count; i++)
		check_set(kinds[i].fields, 0);
	check_set(&short_fields, 0);
	check_set(&environment_fields, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_table_is_up_to_date),
		cmocka_unit_test(paths_lead_through_objects_pods_and_the_short_form),
		cmocka_unit_test(kinds_are_called_as_kubectl_calls_them),
		cmocka_unit_test(refused_kinds_say_what_to_do),
		cmocka_unit_test(a_typo_is_answered_with_the_nearest_name),
		cmocka_unit_test(every_field_without_use_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
