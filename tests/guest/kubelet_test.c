/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "guest/kubelet/kubelet.h"
#include "guest/kubelet/kubelet_probe.h"
#include "guest/kubelet/kubelet_unit.h"
#include "test.h"

/* A pod of these containers; names are letters. */
struct scene {
	struct pod_image pod;
	struct container_image containers[4];
	struct kubelet *kubelet;
	struct strbuf story; /* the actions since the last look, one word each */
};

static struct scene *begin(enum restart_policy policy, const char *kinds)
{
	static char names[4][2] = {"a", "b", "c", "d"};
	struct scene *scene = calloc(1, sizeof(*scene));
	scene->pod.restart_policy = policy;
	scene->pod.grace_ms = 30000;
	scene->pod.backoff_limit = -1;
	scene->pod.fs_group = -1;
	scene->pod.containers = scene->containers;
	for (size_t i = 0; kinds[i] != '\0'; i++) {
		scene->containers[i].name = names[i];
		scene->containers[i].is_init = kinds[i] != 'm';
		scene->containers[i].is_sidecar = kinds[i] == 's';
		scene->pod.container_count++;
	}
	scene->kubelet = kubelet_new(&scene->pod);
	return scene;
}

static void end(struct scene *scene)
{
	kubelet_free(scene->kubelet);
	strbuf_clear(&scene->story);
	free(scene);
}

static void tell(struct scene *scene, const struct kubelet_action *action)
{
	const char *name = scene->containers[action->container].name;
	struct strbuf *story = &scene->story;
	strbuf_append(story, story->size > 0 ? " " : "");
	switch (action->type) {
	case ACTION_START:
		strbuf_appendf(story, "start-%s", name);
		break;
	case ACTION_SIGNAL:
		strbuf_appendf(story, "signal-%s-%s", name, sigabbrev_np(action->signal));
		break;
	case ACTION_PROBE:
		strbuf_appendf(story, "probe-%s-%s", name, probe_kind_name(action->probe));
		break;
	case ACTION_HOOK:
		strbuf_appendf(story, "%s-%s", action->is_post_start ? "post" : "pre", name);
		break;
	case ACTION_REPORT_CONTAINER:
		strbuf_appendf(story, "%s:%s", name, action->reason);
		if (action->next_start_ms > 0)
			strbuf_appendf(story, "(%u)", (unsigned)action->next_start_ms);
		break;
	case ACTION_REPORT_PROBE:
		strbuf_appendf(story, "%s-%s", name, action->is_ok ? "ok" : "failed");
		break;
	case ACTION_REPORT_READY:
		strbuf_append(story, action->is_ok ? "READY" : "UNREADY");
		break;
	case ACTION_REPORT_POD:
		strbuf_append(story, action->phase);
		if (action->exit_code >= 0)
			strbuf_appendf(story, "(%d)", action->exit_code);
		break;
	case ACTION_END:
		strbuf_append(story, "END");
		break;
	}
}

static void expect(struct scene *scene, const char *story)
{
	struct kubelet_action action;
	strbuf_reset(&scene->story);
	while (kubelet_next_action(scene->kubelet, &action)) {
		tell(scene, &action);
		kubelet_action_clear(&action);
	}
	assert_string_equal(strbuf_text(&scene->story), story);
}

static void ended(struct scene *scene, size_t container, uint64_t now_ms, int exit_code)
{
	kubelet_exited(scene->kubelet, container, now_ms,
		       &(struct unit_end){.exit_code = exit_code});
}

static void started(struct scene *scene, size_t container, uint64_t now_ms)
{
	kubelet_started(scene->kubelet, container, now_ms, true, NULL);
}

static void init_containers_run_one_after_the_other(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "iim");
	kubelet_begin(scene->kubelet, 1);
	expect(scene, "Pending a:ContainerCreating start-a");
	started(scene, 0, 2);
	expect(scene, "a:Started");
	ended(scene, 0, 3, 0);
	expect(scene, "a:Completed b:ContainerCreating start-b");
	started(scene, 1, 4);
	ended(scene, 1, 5, 0);
	expect(scene, "b:Started b:Completed c:ContainerCreating start-c");
	started(scene, 2, 6);
	expect(scene, "c:Started Running READY");
	end(scene);
}

static void a_failed_init_container_is_tried_again_or_fails_the_pod(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "im");
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	ended(scene, 0, 3, 1);
	expect(scene,
	       "Pending a:ContainerCreating start-a a:Started a:Error a:ContainerCreating start-a");
	end(scene);
	scene = begin(RESTART_NEVER, "im");
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	ended(scene, 0, 3, 9);
	expect(scene, "Pending a:ContainerCreating start-a a:Started a:Error Failed(9) END");
	end(scene);
}

static void one_that_is_restarted_comes_back_at_once_whatever_its_policy(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_NEVER, "imm");
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	assert_false(kubelet_restart(scene->kubelet, 1, 2)); /* not as far */
	ended(scene, 0, 3, 0);
	assert_false(kubelet_restart(scene->kubelet, 0, 3)); /* through */
	started(scene, 1, 4);
	started(scene, 2, 5);
	expect(scene, "Pending a:ContainerCreating start-a a:Started a:Completed "
		      "b:ContainerCreating start-b c:ContainerCreating start-c b:Started c:Started "
		      "Running READY");
	assert_true(kubelet_restart(scene->kubelet, 1, 10));
	assert_true(kubelet_restart(scene->kubelet, 1, 11)); /* is one */
	ended(scene, 1, 20, 143);
	expect(scene, "signal-b-TERM UNREADY b:Error b:ContainerCreating start-b");
	assert_true(kubelet_restart(scene->kubelet, 1, 21)); /* what it reads may be old already */
	started(scene, 1, 22);
	ended(scene, 1, 23, 0);
	started(scene, 1, 24);
	expect(scene, "b:Started signal-b-TERM b:Completed b:ContainerCreating start-b b:Started "
		      "READY");
	ended(scene, 1, 30, 0);
	assert_true(kubelet_restart(scene->kubelet, 1, 40)); /* it had ended for good */
	started(scene, 1, 41);
	expect(scene, "b:Completed UNREADY b:ContainerCreating start-b b:Started READY");
	ended(scene, 1, 50, 0);
	ended(scene, 2, 51, 0);
	assert_false(kubelet_restart(scene->kubelet, 1, 52)); /* the pod is over */
	end(scene);
	scene = begin(RESTART_ALWAYS, "m");
	kubelet_begin(scene->kubelet, 1);
	for (uint64_t ms = 2; ms < 6; ms += 2) {
		started(scene, 0, ms);
		ended(scene, 0, ms + 1, 1);
	}
	assert_true(kubelet_next_tick_ms(scene->kubelet) > 5000);
	assert_true(kubelet_restart(scene->kubelet, 0, 9)); /* it need not wait: it may be mended */
	started(scene, 0, 10);
	assert_true(kubelet_is_running(scene->kubelet, 0));
	end(scene);
}

static void restarts_back_off_and_the_count_starts_anew_after_ten_good_minutes(void **state)
{
	(void)state;
	static const unsigned delays[] = {10000, 20000, 40000, 80000, 160000, 300000, 300000};
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	kubelet_begin(scene->kubelet, 1);
	uint64_t now = 2;
	started(scene, 0, now);
	ended(scene, 0, now, 1);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY a:Error "
		      "a:ContainerCreating start-a UNREADY");
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		started(scene, 0, now);
		expect(scene, "a:Started READY");
		ended(scene, 0, now, 1);
		AUTO(strbuf_clear) struct strbuf story = STRBUF_INIT;
		strbuf_appendf(&story, "a:Error a:CrashLoopBackOff(%u) UNREADY", delays[i]);
		expect(scene, strbuf_text(&story));
		assert_int_equal(kubelet_next_tick_ms(scene->kubelet), now + delays[i]);
		kubelet_tick(scene->kubelet, now + delays[i] - 1);
		expect(scene, "");
		now += delays[i];
		kubelet_tick(scene->kubelet, now);
		expect(scene, "a:ContainerCreating start-a");
	}
	started(scene, 0, now);
	expect(scene, "a:Started READY");
	ended(scene, 0, now + 600000, 1);
	expect(scene, "a:Error a:ContainerCreating start-a UNREADY");
	end(scene);
}

static void the_policy_decides_who_starts_again(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ON_FAILURE, "mm");
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	started(scene, 1, 2);
	expect(scene, "Pending a:ContainerCreating start-a b:ContainerCreating start-b a:Started "
		      "b:Started Running READY");
	ended(scene, 0, 3, 0);
	expect(scene, "a:Completed UNREADY");
	ended(scene, 1, 3, 5);
	expect(scene, "b:Error b:ContainerCreating start-b");
	started(scene, 1, 4);
	ended(scene, 1, 5, 0);
	expect(scene, "b:Started b:Completed Succeeded(0) END");
	end(scene);
}

static void a_job_gives_up_at_its_limit_and_at_its_deadline(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ON_FAILURE, "m");
	scene->pod.workload = WORKLOAD_JOB;
	scene->pod.backoff_limit = 1;
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	ended(scene, 0, 3, 7);
	started(scene, 0, 4);
	ended(scene, 0, 5, 7);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY a:Error "
		      "a:ContainerCreating start-a UNREADY a:Started READY a:Error Failed(7) END "
		      "UNREADY");
	end(scene);
	scene = begin(RESTART_NEVER, "m");
	scene->pod.active_deadline_ms = 1000;
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY");
	assert_int_equal(kubelet_next_tick_ms(scene->kubelet), 1001);
	kubelet_tick(scene->kubelet, 1001);
	expect(scene, "signal-a-TERM UNREADY");
	ended(scene, 0, 1500, 143);
	expect(scene, "a:Error Failed END");
	end(scene);
}

static void on_failure_has_a_limit_as_docker_counts_it(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ON_FAILURE, "m");
	scene->pod.restart_limit = 1;
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	ended(scene, 0, 3, 7);
	started(scene, 0, 4);
	ended(scene, 0, 5, 7);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY a:Error "
		      "a:ContainerCreating start-a UNREADY a:Started READY a:Error Failed(7) END "
		      "UNREADY");
	end(scene);
}

static void a_sidecar_starts_first_and_ends_last(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_NEVER, "sim");
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	expect(scene, "Pending a:ContainerCreating start-a a:Started b:ContainerCreating start-b");
	started(scene, 1, 3);
	ended(scene, 1, 4, 0);
	started(scene, 2, 5);
	expect(scene, "b:Started b:Completed c:ContainerCreating start-c c:Started Running READY");
	ended(scene, 2, 6, 0);
	expect(scene, "c:Completed signal-a-TERM UNREADY");
	ended(scene, 0, 7, 0);
	expect(scene, "a:Completed Succeeded(0) END");
	end(scene);
}

static void sidecars_start_in_order_and_end_in_reverse(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "ssm");
	kubelet_begin(scene->kubelet, 1);
	expect(scene, "Pending a:ContainerCreating start-a");
	started(scene, 0, 2);
	expect(scene, "a:Started b:ContainerCreating start-b");
	started(scene, 1, 3);
	started(scene, 2, 4);
	expect(scene, "b:Started c:ContainerCreating start-c c:Started Running READY");
	kubelet_shutdown(scene->kubelet, 100, 5000);
	expect(scene, "signal-c-TERM UNREADY");
	ended(scene, 2, 200, 0);
	expect(scene, "c:Completed signal-b-TERM");
	ended(scene, 1, 300, 0);
	expect(scene, "b:Completed signal-a-TERM");
	ended(scene, 0, 400, 0);
	expect(scene, "a:Completed Succeeded END");
	end(scene);
}

static void shutdown_runs_the_hook_then_signals_then_kills(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	scene->containers[0].pre_stop.type = CHECK_SLEEP;
	static char quit[] = "SIGQUIT";
	scene->containers[0].stop_signal = quit;
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY");
	kubelet_shutdown(scene->kubelet, 100, 5000);
	expect(scene, "pre-a UNREADY");
	kubelet_hook_done(scene->kubelet, 0, false, 1000, true, "");
	expect(scene, "signal-a-QUIT");
	kubelet_tick(scene->kubelet, 5099);
	expect(scene, "");
	kubelet_tick(scene->kubelet, 5100);
	expect(scene, "signal-a-KILL");
	ended(scene, 0, 5200, 137);
	expect(scene, "a:Error Succeeded END");
	end(scene);
}

static void a_hook_that_takes_all_the_grace_leaves_two_seconds(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	scene->containers[0].pre_stop.type = CHECK_SLEEP;
	kubelet_begin(scene->kubelet, 1);
	started(scene, 0, 2);
	kubelet_shutdown(scene->kubelet, 100, 5000);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running READY pre-a UNREADY");
	kubelet_tick(scene->kubelet, 5100);
	expect(scene, "signal-a-TERM");
	kubelet_tick(scene->kubelet, 7100);
	expect(scene, "signal-a-KILL");
	end(scene);
}

static void set_probe(struct probe_spec *probe, uint64_t period_ms, unsigned failures)
{
	*probe = (struct probe_spec){.check.type = CHECK_TCP,
				     .period_ms = period_ms,
				     .timeout_ms = 1000,
				     .success_threshold = 1,
				     .failure_threshold = failures,
				     .grace_ms = -1};
}

static void readiness_is_tried_quickly_until_it_first_succeeds(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	set_probe(&scene->containers[0].readiness, 10000, 2);
	kubelet_begin(scene->kubelet, 1000);
	started(scene, 0, 1000);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running probe-a-readiness");
	kubelet_probed(scene->kubelet, 0, PROBE_READINESS, 1000, false, "");
	expect(scene, "a-failed");
	assert_int_equal(kubelet_next_tick_ms(scene->kubelet), 1100);
	kubelet_tick(scene->kubelet, 1100);
	/* In between the specified times a failure is not counted, nor told. */
	kubelet_probed(scene->kubelet, 0, PROBE_READINESS, 1100, false, "");
	expect(scene, "probe-a-readiness");
	assert_int_equal(kubelet_next_tick_ms(scene->kubelet), 1250);
	kubelet_tick(scene->kubelet, 1250);
	kubelet_probed(scene->kubelet, 0, PROBE_READINESS, 1250, true, "");
	expect(scene, "probe-a-readiness a-ok READY");
	assert_int_equal(kubelet_next_tick_ms(scene->kubelet), 11250);
	kubelet_tick(scene->kubelet, 11250);
	kubelet_probed(scene->kubelet, 0, PROBE_READINESS, 11250, false, "");
	expect(scene, "probe-a-readiness a-failed");
	kubelet_tick(scene->kubelet, 21250);
	kubelet_probed(scene->kubelet, 0, PROBE_READINESS, 21250, false, "");
	expect(scene, "probe-a-readiness a-failed UNREADY");
	end(scene);
}

static void liveness_waits_for_startup_and_then_restarts(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	set_probe(&scene->containers[0].startup, 1000, 3);
	set_probe(&scene->containers[0].liveness, 1000, 1);
	kubelet_begin(scene->kubelet, 1000);
	started(scene, 0, 1000);
	expect(scene, "Pending a:ContainerCreating start-a a:Started Running probe-a-startup");
	kubelet_probed(scene->kubelet, 0, PROBE_STARTUP, 1000, true, "");
	expect(scene, "a-ok probe-a-liveness READY");
	kubelet_probed(scene->kubelet, 0, PROBE_LIVENESS, 1001, false, "");
	expect(scene, "a-failed signal-a-TERM UNREADY");
	ended(scene, 0, 1002, 143);
	expect(scene, "a:Error a:ContainerCreating start-a");
	end(scene);
}

static void a_startup_probe_that_never_succeeds_ends_the_container(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_NEVER, "m");
	set_probe(&scene->containers[0].startup, 1000, 2);
	kubelet_begin(scene->kubelet, 1000);
	started(scene, 0, 1000);
	kubelet_probed(scene->kubelet, 0, PROBE_STARTUP, 1000, false, "");
	kubelet_tick(scene->kubelet, 2000);
	kubelet_probed(scene->kubelet, 0, PROBE_STARTUP, 2000, false, "");
	expect(scene,
	       "Pending a:ContainerCreating start-a a:Started Running probe-a-startup a-failed "
	       "probe-a-startup a-failed signal-a-TERM");
	end(scene);
}

static void a_container_that_cannot_start_is_tried_again(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	kubelet_begin(scene->kubelet, 1);
	kubelet_started(scene->kubelet, 0, 2, false, "no such file");
	expect(scene,
	       "Pending a:ContainerCreating start-a a:StartError Running a:ContainerCreating "
	       "start-a");
	kubelet_started(scene->kubelet, 0, 3, false, "no such file");
	expect(scene, "a:StartError a:CrashLoopBackOff(10000)");
	end(scene);
}

static void a_pod_that_cannot_be_prepared_says_so_for_each_container(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "imm");
	struct kubelet_action action;
	kubelet_fail(scene->kubelet, 1, "PrepareError", "volume 'd': no disk");
	for (size_t i = 1; i < 3; i++) {
		assert_true(kubelet_next_action(scene->kubelet, &action));
		assert_int_equal(action.container, i);
		assert_string_equal(action.reason, "StartError");
		assert_string_equal(action.state, "terminated");
		assert_string_equal(action.message, "volume 'd': no disk");
		kubelet_action_clear(&action);
	}
	expect(scene, "Failed(128) END");
	end(scene);
}

static void shutdown_while_a_container_starts_waits_for_it(void **state)
{
	(void)state;
	struct scene *scene = begin(RESTART_ALWAYS, "m");
	kubelet_begin(scene->kubelet, 1);
	expect(scene, "Pending a:ContainerCreating start-a");
	kubelet_shutdown(scene->kubelet, 2, -1);
	expect(scene, "");
	started(scene, 0, 3);
	expect(scene, "a:Started signal-a-TERM");
	ended(scene, 0, 4, 0);
	expect(scene, "a:Completed Succeeded END");
	end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_containers_run_one_after_the_other),
		cmocka_unit_test(a_failed_init_container_is_tried_again_or_fails_the_pod),
		cmocka_unit_test(one_that_is_restarted_comes_back_at_once_whatever_its_policy),
		cmocka_unit_test(
			restarts_back_off_and_the_count_starts_anew_after_ten_good_minutes),
		cmocka_unit_test(the_policy_decides_who_starts_again),
		cmocka_unit_test(a_job_gives_up_at_its_limit_and_at_its_deadline),
		cmocka_unit_test(on_failure_has_a_limit_as_docker_counts_it),
		cmocka_unit_test(a_sidecar_starts_first_and_ends_last),
		cmocka_unit_test(sidecars_start_in_order_and_end_in_reverse),
		cmocka_unit_test(shutdown_runs_the_hook_then_signals_then_kills),
		cmocka_unit_test(a_hook_that_takes_all_the_grace_leaves_two_seconds),
		cmocka_unit_test(readiness_is_tried_quickly_until_it_first_succeeds),
		cmocka_unit_test(liveness_waits_for_startup_and_then_restarts),
		cmocka_unit_test(a_startup_probe_that_never_succeeds_ends_the_container),
		cmocka_unit_test(a_container_that_cannot_start_is_tried_again),
		cmocka_unit_test(a_pod_that_cannot_be_prepared_says_so_for_each_container),
		cmocka_unit_test(shutdown_while_a_container_starts_waits_for_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
