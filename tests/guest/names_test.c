/* SPDX-License-Identifier: Apache-2.0 */
/* Names that lead to instances: two agents and one zone, by a clock of the test's own. */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "guest/cloud/cloud_names.h"

#define ZONE "Z0123456789ABC"
#define FIVE 300000

/* One zone and one account, which both clouds share. */
static struct name_record_list zone;
static struct string_list running;
static bool is_out_of_reach;
static unsigned calls;

static bool is_same(const struct name_record *one, const struct name_record *other)
{
	return strcmp(one->name, other->name) == 0 && strcmp(one->instance, other->instance) == 0;
}

static void add(struct name_record_list *list, const struct name_record *record)
{
	name_record_list_add(list, record->name, record->instance, record->address, record->ttl_s);
}

static bool list_names(struct guest_cloud *cloud, const char *id, struct name_record_list *ret,
		       struct error *err)
{
	(void)cloud;
	assert_string_equal(id, ZONE);
	calls++;
	if (is_out_of_reach)
		return error_set(err, ERROR_NETWORK, "no way");
	for (size_t i = 0; i < zone.count; i++)
		add(ret, &zone.items[i]);
	return true;
}

static bool change_names(struct guest_cloud *cloud, const char *id,
			 const struct name_record_list *list, bool is_there, struct error *err)
{
	(void)cloud;
	assert_string_equal(id, ZONE);
	calls++;
	if (is_out_of_reach)
		return error_set(err, ERROR_NETWORK, "no way");
	struct name_record_list rest = {0};
	size_t found = 0;
	for (size_t z = 0; z < zone.count; z++) {
		bool is_meant = false;
		for (size_t i = 0; i < list->count; i++)
			is_meant = is_meant || is_same(&zone.items[z], &list->items[i]);
		found += is_meant ? 1 : 0;
		if (!is_meant)
			add(&rest, &zone.items[z]);
	}
	if (!is_there && found != list->count) {
		name_record_list_clear(&rest);
		return error_set(err, ERROR_INVALID, "InvalidChangeBatch");
	}
	for (size_t i = 0; is_there && i < list->count; i++)
		add(&rest, &list->items[i]);
	name_record_list_clear(&zone);
	zone = rest;
	return true;
}

static bool list_alive(struct guest_cloud *cloud, const struct string_list *ids,
		       struct string_list *ret, struct error *err)
{
	(void)cloud;
	(void)err;
	for (size_t i = 0; i < ids->count; i++)
		if (string_list_has(&running, ids->items[i]))
			string_list_add(ret, ids->items[i]);
	return true;
}

static const struct cloud_backend backend = {
	.list_names = list_names, .change_names = change_names, .list_alive = list_alive};
static char one_id[] = "i-1", one_address[] = "10.0.0.1";
static char two_id[] = "i-2", two_address[] = "10.0.0.2";
static struct guest_cloud one = {
	.backend = &backend, .instance_id = one_id, .address = one_address};
static struct guest_cloud two = {
	.backend = &backend, .instance_id = two_id, .address = two_address};

static struct cloud_names *names_of(struct guest_cloud *cloud)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	name_record_names("db", "default", "shop.internal", &names);
	return cloud_names_new(cloud, ZONE, &names);
}

static unsigned count_of(const char *instance)
{
	unsigned count = 0;
	for (size_t i = 0; i < zone.count; i++)
		count += strcmp(zone.items[i].instance, instance) == 0 ? 1 : 0;
	return count;
}

static int clean(void **state)
{
	(void)state;
	name_record_list_clear(&zone);
	string_list_clear(&running);
	string_list_add(&running, "i-1");
	string_list_add(&running, "i-2");
	is_out_of_reach = false;
	calls = 0;
	return 0;
}

static void names_follow_readiness(void **state)
{
	(void)state;
	AUTO_PTR(cloud_names) struct cloud_names *names = names_of(&one);
	assert_false(cloud_names_are_settled(names));
	assert_true(cloud_names_step(names, 1, NULL));
	assert_true(cloud_names_are_settled(names));
	assert_int_equal(zone.count, 0);
	cloud_names_want(names, true);
	assert_false(cloud_names_are_settled(names));
	assert_true(cloud_names_step(names, 2, NULL));
	assert_int_equal(count_of("i-1"), 3);
	assert_string_equal(zone.items[2].name, "db.default.svc.cluster.local.shop.internal");
	assert_string_equal(zone.items[2].address, "10.0.0.1");
	assert_int_equal(zone.items[2].ttl_s, NAME_RECORD_TTL_S);
	cloud_names_want(names, false);
	assert_true(cloud_names_step(names, 3, NULL));
	assert_true(cloud_names_are_settled(names));
	assert_int_equal(zone.count, 0);
}

/* An agent that was started again does not know what the one before it wrote. */
static void what_an_earlier_agent_left_is_taken_away(void **state)
{
	(void)state;
	name_record_list_add(&zone, "db.shop.internal", "i-1", "10.0.0.9", 60);
	name_record_list_add(&zone, "other.shop.internal", "i-1", "10.0.0.9", 60);
	AUTO_PTR(cloud_names) struct cloud_names *names = names_of(&one);
	assert_true(cloud_names_step(names, 1, NULL));
	assert_int_equal(zone.count, 1);
	assert_string_equal(zone.items[0].name, "other.shop.internal");
}

static void who_was_killed_is_taken_away_by_the_others(void **state)
{
	(void)state;
	AUTO_PTR(cloud_names) struct cloud_names *first = names_of(&one);
	AUTO_PTR(cloud_names) struct cloud_names *second = names_of(&two);
	cloud_names_want(first, true);
	cloud_names_want(second, true);
	assert_true(cloud_names_step(first, 1, NULL) && cloud_names_step(first, 2, NULL));
	string_list_clear(&running);
	string_list_add(&running, "i-2");
	/* At once by one that becomes ready, */
	assert_true(cloud_names_step(second, 3, NULL));
	assert_int_equal(count_of("i-1"), 3);
	assert_true(cloud_names_step(second, 4, NULL));
	assert_int_equal(count_of("i-1"), 0);
	assert_int_equal(count_of("i-2"), 3);
	/* and by one that is for five minutes; meanwhile nobody is asked. */
	name_record_list_add(&zone, "db.shop.internal", "i-9", "10.0.0.9", 60);
	calls = 0;
	assert_true(cloud_names_step(second, FIVE, NULL));
	assert_int_equal(calls, 0);
	assert_true(cloud_names_step(second, FIVE + 4, NULL));
	assert_int_equal(count_of("i-9"), 0);
}

static void what_somebody_took_away_is_written_anew(void **state)
{
	(void)state;
	AUTO_PTR(cloud_names) struct cloud_names *names = names_of(&one);
	cloud_names_want(names, true);
	assert_true(cloud_names_step(names, 1, NULL) && cloud_names_step(names, 2, NULL));
	name_record_list_clear(&zone);
	name_record_list_add(&zone, "db.shop.internal", "i-1", "10.0.0.77", 60);
	assert_true(cloud_names_step(names, 3, NULL));
	assert_int_equal(zone.count, 1);
	assert_true(cloud_names_step(names, FIVE + 2, NULL));
	assert_int_equal(count_of("i-1"), 3);
	for (size_t i = 0; i < zone.count; i++)
		assert_string_equal(zone.items[i].address, "10.0.0.1");
}

static void what_fails_is_tried_again_later(void **state)
{
	(void)state;
	AUTO_PTR(cloud_names) struct cloud_names *names = names_of(&one);
	cloud_names_want(names, true);
	is_out_of_reach = true;
	assert_false(cloud_names_step(names, 1000, NULL));
	assert_false(cloud_names_are_settled(names));
	calls = 0;
	assert_true(cloud_names_step(names, 5999, NULL));
	assert_int_equal(calls, 0);
	is_out_of_reach = false;
	assert_true(cloud_names_step(names, 6000, NULL));
	assert_true(cloud_names_are_settled(names));
	/* Another wish does not wait. */
	is_out_of_reach = true;
	cloud_names_want(names, false);
	assert_false(cloud_names_step(names, 6001, NULL));
	cloud_names_want(names, true);
	assert_true(cloud_names_are_settled(names));
}

static void no_names_ask_for_nothing(void **state)
{
	(void)state;
	struct string_list none = STRING_LIST_INIT;
	AUTO_PTR(cloud_names) struct cloud_names *names = cloud_names_new(&one, NULL, &none);
	assert_true(cloud_names_are_settled(names));
	cloud_names_want(names, true);
	assert_true(cloud_names_are_settled(names) && cloud_names_step(names, 1, NULL));
	assert_int_equal(calls, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_follow_readiness, clean, clean),
		cmocka_unit_test_setup_teardown(what_an_earlier_agent_left_is_taken_away, clean,
						clean),
		cmocka_unit_test_setup_teardown(who_was_killed_is_taken_away_by_the_others, clean,
						clean),
		cmocka_unit_test_setup_teardown(what_somebody_took_away_is_written_anew, clean,
						clean),
		cmocka_unit_test_setup_teardown(what_fails_is_tried_again_later, clean, clean),
		cmocka_unit_test_setup_teardown(no_names_ask_for_nothing, clean, clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
