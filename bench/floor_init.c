/* SPDX-License-Identifier: Apache-2.0 */
/* The least an init can do: say that it runs, and switch the machine off. */
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	static const char text[] = "floor\n";
	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	sync();
	(void)reboot(RB_POWER_OFF);
	return 0;
}
