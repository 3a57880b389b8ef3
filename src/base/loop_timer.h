/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_LOOP_TIMER_H
#define I2KIT_BASE_LOOP_TIMER_H

/* Timers of a loop. */

#include <stdint.h>

struct loop;
struct loop_timer;

/* Fires once, delay_ms from now (CLOCK_BOOTTIME); arm again with loop_timer_set(). */
typedef void loop_timer_fn(struct loop_timer *timer, void *arg);
struct loop_timer *loop_add_timer(struct loop *loop, uint64_t delay_ms, loop_timer_fn *fn,
				  void *arg);
void loop_timer_set(struct loop_timer *timer, uint64_t delay_ms);
void loop_timer_cancel(struct loop_timer *timer); /* stays usable */
void loop_timer_remove(struct loop_timer *timer);

#endif
