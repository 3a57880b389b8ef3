/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step machine of OpenStack's releases against a cloud that takes its time, loses answers and whose
 * promote is killed after any step: whatever happens, visitors are served, nothing is doubled or left.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/release/document_template.h"
#include "cloud/openstack/release/record.h"
#include "cloud/openstack/release/release_step.h"
#include "cloud/openstack/volume/cinder.h"

#include "test.h"

#define RUNS 3000
#define MOST 4000 /* looks until it must be done */

/* --- a cloud -------------------------------------------------------------------------------- */

struct model {
	struct release_facts facts;
	unsigned seed;
	unsigned next_id;
	int64_t now;
	bool is_broken; /* servers of `broken` never become ready */
	char broken[WANTED_KEY_SIZE];
	unsigned made;
};

static unsigned chance(struct model *model, unsigned most)
{
	model->seed = model->seed * 1103515245u + 12345u;
	return (model->seed >> 16) % most;
}

static void drop_server(struct model *model, size_t i)
{
	struct release_facts *facts = &model->facts;
	struct fact_server *server = &facts->servers[i];

	for (size_t p = 0; p < facts->port_count; p++)
		if (server->port != NULL && strcmp(facts->ports[p].id, server->port) == 0)
			facts->ports[p].is_used = false;
	for (size_t v = 0; v < facts->volume_count; v++)
		if (server->reason != NULL && strcmp(server->reason, facts->volumes[v].id) == 0)
			facts->volumes[v].is_free = true;
	free(server->id);
	free(server->name);
	free(server->pod);
	free(server->key);
	free(server->port);
	free(server->reason);
	*server = facts->servers[--facts->server_count];
}

/* What the cloud does by itself between two looks. */
static void pass_time(struct model *model)
{
	model->now++;
	for (size_t i = 0; i < model->facts.server_count; i++) {
		struct fact_server *server = &model->facts.servers[i];
		bool is_broken = model->is_broken && strcmp(server->key, model->broken) == 0;
		if (chance(model, 3) != 0)
			continue;
		if (server->is_going && server->can_stop) { /* was told to stop */
			server->is_going = false;
			server->can_stop = false;
			server->state = FACT_STOPPED;
		} else if (server->is_going) {
			drop_server(model, i--);
		} else if (server->state == FACT_STARTING && !server->can_stop) {
			server->can_stop = true;
		} else if (server->state == FACT_STARTING) {
			server->state = is_broken ? FACT_FAILED : FACT_READY;
		}
	}
}

static struct fact_server *server_of(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->facts.server_count; i++)
		if (strcmp(model->facts.servers[i].id, id) == 0)
			return &model->facts.servers[i];
	return NULL;
}

static void make_server(struct model *model, const struct release_step *step,
			const struct wanted_pod *pod)
{
	struct release_facts *facts = &model->facts;
	struct fact_port *port = NULL;

	for (size_t i = 0; i < facts->port_count; i++)
		if (!facts->ports[i].is_used && strcmp(facts->ports[i].name, step->name) == 0)
			port = &facts->ports[i];
	if (port == NULL) {
		port = ARRAY_APPEND(facts->ports, facts->port_count);
		*port = (struct fact_port){.id = xasprintf("p%06u", model->next_id++),
					   .name = xstrdup(step->name),
					   .pod = xstrdup(pod->name)};
		if (chance(model, 8) == 0)
			return; /* killed, or the answer was lost, between the two */
	}
	port->is_used = true;
	for (size_t i = 0; i < pod->claim_count; i++) {
		assert_true(facts->volumes[i].is_free); /* no disk for two */
		facts->volumes[i].is_free = false;
	}
	*ARRAY_APPEND(facts->servers, facts->server_count) = (struct fact_server){
		.id = xasprintf("s%06u", model->next_id++),
		.name = xstrdup(step->name),
		.pod = xstrdup(pod->name),
		.key = xstrdup(pod->key),
		.port = xstrdup(port->id),
		.reason = pod->claim_count > 0 ? xstrdup(facts->volumes[0].id) : NULL,
		.created_ns = model->now,
	};
	model->made++;
}

static void set_members(struct model *model, const struct release_step *step)
{
	for (size_t i = 0; i < model->facts.server_count; i++) {
		struct fact_server *server = &model->facts.servers[i];
		if (strcmp(server->pod, step->pod) != 0)
			continue;
		server->member =
			string_list_has(&step->members, server->id) ? FACT_MEMBER : FACT_NO_MEMBER;
	}
}

static void do_step(struct model *model, const struct wanted *wanted,
		    const struct release_step *step)
{
	struct fact_server *server = step->id != NULL ? server_of(model, step->id) : NULL;

	switch (step->action) {
	case RELEASE_MEMBERS:
		set_members(model, step);
		break;
	case RELEASE_CREATE:
		make_server(model, step, wanted_find(wanted, step->pod));
		/* Nova has no token of the caller's: an answer that is lost may make two. */
		if (wanted_find(wanted, step->pod)->claim_count == 0 && chance(model, 20) == 0)
			make_server(model, step, wanted_find(wanted, step->pod));
		break;
	case RELEASE_STOP:
		assert_true(server->can_stop);
		server->is_going = true;
		server->state = FACT_STARTING; /* serves nobody */
		break;
	case RELEASE_DELETE:
		server->can_stop = false;
		server->is_going = true;
		server->state = FACT_STARTING;
		break;
	case RELEASE_DELETE_PORT:
		for (size_t i = 0; i < model->facts.port_count; i++) {
			struct fact_port *port = &model->facts.ports[i];
			if (strcmp(port->id, step->id) != 0)
				continue;
			assert_false(port->is_used); /* no server loses its address */
			free(port->id);
			free(port->name);
			free(port->pod);
			*port = model->facts.ports[--model->facts.port_count];
			break;
		}
		break;
	}
}

static size_t serving(const struct model *model, const char *pod)
{
	size_t count = 0;

	for (size_t i = 0; i < model->facts.server_count; i++) {
		const struct fact_server *server = &model->facts.servers[i];
		count += strcmp(server->pod, pod) == 0 && server->state == FACT_READY &&
			 server->member != FACT_NO_MEMBER && !server->is_going;
	}
	return count;
}

/* --- promotes that are killed --------------------------------------------------------------- */

static struct wanted wanted_of(const char *const *pods, const uint32_t *replicas, size_t count,
			       const char *config)
{
	struct wanted wanted = {.scope = xstrdup("i2kit-shop"), .network = xstrdup("net")};

	for (size_t i = 0; i < count; i++) {
		struct wanted_pod *pod = ARRAY_APPEND(wanted.pods, wanted.pod_count);
		*pod = (struct wanted_pod){.name = xstrdup(pods[i]),
					   .image = xstrdup("image"),
					   .flavor = xstrdup("small"),
					   .document =
						   xasprintf("{\"%s\":\"%s\"}", pods[i], config),
					   .replicas = replicas[i],
					   .surge = 1};
		pod->id.image.bytes[0] = 1;
		pod->id.config.bytes[0] = 2;
	}
	wanted_set_keys(&wanted);
	return wanted;
}

struct promise {
	const struct wanted *wanted;
	size_t least[4]; /* of each pod of wanted: as many serve at any time */
};

static void check_promise(const struct model *model, const struct promise *promise)
{
	for (size_t i = 0; i < promise->wanted->pod_count; i++)
		assert_true(serving(model, promise->wanted->pods[i].name) >= promise->least[i]);
}

static void begin(struct model *model)
{
	for (size_t i = 0; i < model->facts.server_count; i++)
		model->facts.servers[i].is_earlier = true;
}

/* Until it is done or failed; killed now and then on the way, if `kills`, and begun anew. */
static enum release_verdict promote(struct model *model, const struct wanted *wanted,
				    const struct promise *promise, bool kills)
{
	begin(model);
	for (unsigned look = 0; look < MOST; look++) {
		AUTO(release_steps_clear) struct release_steps steps = {0};
		release_step_next(&model->facts, wanted, &steps);
		if (steps.verdict != RELEASE_GOING)
			return steps.verdict;
		unsigned most = (unsigned)steps.count;
		if (kills && most > 0 && chance(model, 4) == 0) {
			most = chance(model, most + 1);
			look -= look > 0;
		}
		/* Names and ids are the facts' own, which the steps change. */
		for (unsigned i = 0; i < most; i++) {
			AUTO_FREE char *id = xstrdup_or_null(steps.items[i].id);
			AUTO_FREE char *pod = xstrdup(steps.items[i].pod);
			steps.items[i].id = id;
			steps.items[i].pod = pod;
			do_step(model, wanted, &steps.items[i]);
			if (promise != NULL)
				check_promise(model, promise);
		}
		if (most < steps.count)
			begin(model);
		pass_time(model);
		if (promise != NULL)
			check_promise(model, promise);
	}
	fail_msg("seed %u: it never ends", model->seed);
	return RELEASE_GOING;
}

/* Exactly what is wanted, each once, and nothing else. */
static void check_is(const struct model *model, const struct wanted *wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < wanted->pod_count; i++) {
		const struct wanted_pod *pod = &wanted->pods[i];
		count += pod->replicas;
		assert_int_equal(serving(model, pod->name), pod->replicas);
		for (uint32_t n = 0; n < pod->replicas; n++) {
			AUTO_FREE char *name = wanted_server_name(wanted, pod, n);
			size_t found = 0;
			for (size_t s = 0; s < model->facts.server_count; s++)
				found += strcmp(model->facts.servers[s].name, name) == 0;
			assert_int_equal(found, 1);
		}
	}
	assert_int_equal(model->facts.server_count, count);
	assert_int_equal(model->facts.port_count, count);
}

static void killed_anywhere_it_ends_as_wanted(void **state)
{
	static const char *const pods[] = {"web", "worker"};
	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct model model = {.seed = run * 7919 + 1};
		const uint32_t first[] = {1 + chance(&model, 4), 1 + chance(&model, 2)};
		const uint32_t second[] = {1 + chance(&model, 4), 1};
		AUTO(wanted_clear) struct wanted one = wanted_of(pods, first, 2, "1");
		AUTO(wanted_clear) struct wanted two = wanted_of(pods, second, 1 + run % 2, "2");
		struct promise promise = {.wanted = &two};
		assert_int_equal(promote(&model, &one, NULL, true), RELEASE_DONE);
		check_is(&model, &one);
		for (size_t i = 0; i < two.pod_count; i++)
			promise.least[i] = first[i] < second[i] ? first[i] : second[i];
		assert_int_equal(promote(&model, &two, &promise, true), RELEASE_DONE);
		check_is(&model, &two);
		/* Once more is no work. */
		unsigned made = model.made;
		assert_int_equal(promote(&model, &two, &promise, false), RELEASE_DONE);
		assert_int_equal(model.made, made);
		AUTO(wanted_clear) struct wanted nothing = {.scope = xstrdup("i2kit-shop")};
		assert_int_equal(promote(&model, &nothing, NULL, true), RELEASE_DONE);
		assert_int_equal(model.facts.server_count + model.facts.port_count, 0);
		release_facts_clear(&model.facts);
	}
}

static void a_release_that_fails_is_taken_back(void **state)
{
	static const char *const pods[] = {"web"};
	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct model model = {.seed = run * 104729 + 3};
		const uint32_t replicas[] = {1 + chance(&model, 4)};
		AUTO(wanted_clear) struct wanted one = wanted_of(pods, replicas, 1, "1");
		AUTO(wanted_clear) struct wanted two = wanted_of(pods, replicas, 1, "2");
		const struct promise promise = {.wanted = &one, .least = {replicas[0]}};
		assert_int_equal(promote(&model, &one, NULL, true), RELEASE_DONE);
		model.is_broken = true;
		memcpy(model.broken, two.pods[0].key, WANTED_KEY_SIZE);
		assert_int_equal(promote(&model, &two, &promise, false), RELEASE_FAILED);
		assert_int_equal(promote(&model, &one, &promise, true), RELEASE_DONE);
		check_is(&model, &one);
		release_facts_clear(&model.facts);
	}
}

/* A promote that was killed, and then another release is promoted. */
static void another_release_takes_over_from_a_killed_one(void **state)
{
	static const char *const pods[] = {"web"};
	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct model model = {.seed = run * 15485863 + 5};
		const uint32_t replicas[] = {1 + chance(&model, 4)};
		AUTO(wanted_clear) struct wanted one = wanted_of(pods, replicas, 1, "1");
		AUTO(wanted_clear) struct wanted two = wanted_of(pods, replicas, 1, "2");
		AUTO(wanted_clear) struct wanted three = wanted_of(pods, replicas, 1, "3");
		const struct promise promise = {.wanted = &one, .least = {replicas[0]}};
		assert_int_equal(promote(&model, &one, NULL, true), RELEASE_DONE);
		unsigned looks = chance(&model, 30);
		begin(&model);
		for (unsigned look = 0; look < looks; look++) {
			AUTO(release_steps_clear) struct release_steps steps = {0};
			release_step_next(&model.facts, &two, &steps);
			for (size_t i = 0; i < steps.count; i++) {
				AUTO_FREE char *id = xstrdup_or_null(steps.items[i].id);
				AUTO_FREE char *pod = xstrdup(steps.items[i].pod);
				steps.items[i].id = id;
				steps.items[i].pod = pod;
				do_step(&model, &two, &steps.items[i]);
			}
			pass_time(&model);
			check_promise(&model, &promise);
		}
		assert_int_equal(promote(&model, &three, &promise, true), RELEASE_DONE);
		check_is(&model, &three);
		release_facts_clear(&model.facts);
	}
}

/* make_server() asserts that no disk is given to two. */
static void a_disk_goes_from_the_old_to_the_new(void **state)
{
	static const char *const pods[] = {"db"};
	static const uint32_t replicas[] = {1};
	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct model model = {.seed = run * 32452843 + 7};
		AUTO(wanted_clear) struct wanted one = wanted_of(pods, replicas, 1, "1");
		AUTO(wanted_clear) struct wanted two = wanted_of(pods, replicas, 1, "2");
		struct wanted *const both[] = {&one, &two};
		for (size_t i = 0; i < 2; i++) {
			both[i]->pods[0].is_old_first = true;
			*ARRAY_APPEND(both[i]->pods[0].claims, both[i]->pods[0].claim_count) =
				(struct wanted_claim){xstrdup("data"), 1};
		}
		*ARRAY_APPEND(model.facts.volumes, model.facts.volume_count) =
			(struct fact_volume){xstrdup("v1"), xstrdup("data"), true};
		model.seed |= 1;
		assert_int_equal(promote(&model, &one, NULL, true), RELEASE_DONE);
		assert_int_equal(promote(&model, &two, NULL, true), RELEASE_DONE);
		check_is(&model, &two);
		release_facts_clear(&model.facts);
	}
}

/* A second Service of a pod: its servers are members of some pools, not of all. */
static void a_new_service_takes_no_visitor_from_an_old_one(void **state)
{
	static const char *const pods[] = {"web"};
	static const uint32_t replicas[] = {3};
	struct model model = {.seed = 11};
	AUTO(wanted_clear) struct wanted one = wanted_of(pods, replicas, 1, "1");
	AUTO(wanted_clear) struct wanted two = wanted_of(pods, replicas, 1, "2");
	const struct promise promise = {.wanted = &one, .least = {3}};

	(void)state;
	assert_int_equal(promote(&model, &one, NULL, false), RELEASE_DONE);
	for (size_t i = 0; i < model.facts.server_count; i++)
		model.facts.servers[i].member = FACT_SOME_MEMBER;
	assert_int_equal(promote(&model, &two, &promise, true), RELEASE_DONE);
	check_is(&model, &two);
	release_facts_clear(&model.facts);
}

/* --- documents ------------------------------------------------------------------------------ */

static void a_record_is_read_as_it_was_written(void **state)
{
	static const char *const pods[] = {"web", "db"};
	static const uint32_t replicas[] = {3, 1};
	AUTO(wanted_clear) struct wanted one = wanted_of(pods, replicas, 2, "a\"b");
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	struct cloud_scope scope = {0};
	struct ed25519_key key = {0};
	struct cloud_record record = {0};
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *release = NULL;

	(void)state;
	string_list_add(&one.addressed, "web");
	*ARRAY_APPEND(one.pods[1].claims, one.pods[1].claim_count) =
		(struct wanted_claim){xstrdup("data"), UINT64_C(5) << 30};
	wanted_set_keys(&one);
	cloud_scope_make("shop", "production", &scope);
	assert_true(ed25519_generate(&key, NULL));
	wanted_write(&one, &json, NULL);
	assert_true(record_write(&scope, 3, "promote", strbuf_text(&out), &key, &text, NULL));
	assert_true(record_read(&scope, 3, text, &record, &release, NULL));
	assert_true(record.is_signed);
	assert_string_equal(record.note, "promote");
	assert_string_equal(release, strbuf_text(&out));
	free(record.note);

	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(release, strlen(release), "release", 0, NULL);
	AUTO(wanted_clear) struct wanted two = {0};
	wanted_read(json_document_root(document), &two);
	assert_true(json_document_check(document, NULL));
	assert_string_equal(two.pods[0].key, one.pods[0].key);
	assert_string_equal(two.pods[1].key, one.pods[1].key);
	assert_int_equal(two.pods[1].claims[0].size_bytes, UINT64_C(5) << 30);

	/* In another's place, its signature is nobody's. */
	AUTO_FREE char *other = NULL;
	assert_true(record_read(&scope, 4, text, &record, &other, NULL));
	assert_false(record.is_signed);
	free(record.note);
	/* Other bytes are not what its digest says. */
	AUTO_FREE char *bad = xstrdup(text);
	memcpy(strstr(bad, "small"), "large", 5);
	AUTO_FREE char *none = NULL;
	assert_false(record_read(&scope, 3, bad, &record, &none, NULL));
	cloud_scope_clear(&scope);
}

static void a_template_is_filled(void **state)
{
	AUTO(string_list_clear) struct string_list addresses = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list volumes = STRING_LIST_INIT;
	AUTO_FREE char *first = template_address(0);
	AUTO_FREE char *second = template_address(1);
	AUTO_FREE char *volume = template_volume(0);
	AUTO_FREE char *text = xasprintf("%s %s:80 %s %s", TEMPLATE_KEY, second, first, volume);
	const struct template_values values = {"k", &addresses, &volumes};

	(void)state;
	string_list_add(&addresses, "10.0.0.7");
	string_list_add(&addresses, "10.0.0.8");
	string_list_add(&volumes, "vol");
	AUTO_FREE char *filled = template_fill(text, &values);
	assert_string_equal(filled, "ayAxMC4wLjAuODo4MCAxMC4wLjAuNyB2b2w=");
	assert_int_equal(strlen(first), 15);
	assert_int_equal(strlen(volume), 36);
}

static void volumes_of_others_are_not_ours(void **state)
{
	static const char text[] =
		"{\"volumes\":["
		"{\"id\":\"2\",\"status\":\"available\",\"size\":3,\"created_at\":\"2026-01-02\","
		"\"metadata\":{\"i2kit_project\":\"a\",\"i2kit_environment\":\"-\","
		"\"i2kit_claim\":\"data\"}},"
		"{\"id\":\"1\",\"status\":\"in-use\",\"size\":3,\"created_at\":\"2026-01-01\","
		"\"metadata\":{\"i2kit_project\":\"a\",\"i2kit_environment\":\"-\","
		"\"i2kit_claim\":\"data\"}},"
		"{\"id\":\"3\",\"status\":\"available\",\"size\":3,\"created_at\":\"2026-01-01\","
		"\"metadata\":{\"i2kit_project\":\"a\",\"i2kit_environment\":\"b\","
		"\"i2kit_claim\":\"data\"}},"
		"{\"id\":\"4\",\"status\":\"available\",\"size\":3,\"created_at\":\"2026-01-01\","
		"\"metadata\":{}}]}";
	struct cloud_scope scope = {0};
	AUTO(cinder_volume_list_clear) struct cinder_volume_list list = {0};

	(void)state;
	cloud_scope_make("a", NULL, &scope);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, sizeof(text) - 1, "volumes", 0, NULL);
	cinder_volumes_read(json_view_get(json_document_root(document), "volumes"), &scope, &list);
	assert_true(json_document_check(document, NULL));
	assert_int_equal(list.count, 2);
	assert_string_equal(cinder_volume_find(&list, "data")->id, "1");
	cloud_scope_clear(&scope);
	assert_int_equal(cinder_gib(1), 1);
	assert_int_equal(cinder_gib(UINT64_C(1) << 30), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_anywhere_it_ends_as_wanted),
		cmocka_unit_test(a_release_that_fails_is_taken_back),
		cmocka_unit_test(another_release_takes_over_from_a_killed_one),
		cmocka_unit_test(a_disk_goes_from_the_old_to_the_new),
		cmocka_unit_test(a_new_service_takes_no_visitor_from_an_old_one),
		cmocka_unit_test(a_record_is_read_as_it_was_written),
		cmocka_unit_test(a_template_is_filled),
		cmocka_unit_test(volumes_of_others_are_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
