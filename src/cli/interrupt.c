/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t is_set;

static void on_signal(int signo)
{
	(void)signo;
	is_set = 1;
}

void interrupt_install(void)
{
	/* SA_RESETHAND: the second one takes its default way. No SA_RESTART: waits end early. */
	struct sigaction action = {.sa_handler = on_signal};
	action.sa_flags = (int)SA_RESETHAND;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool interrupt_is_set(void)
{
	return is_set != 0;
}

void interrupt_reset(void)
{
	is_set = 0;
	interrupt_install();
}
