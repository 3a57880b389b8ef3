/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_colour.h"

enum { SEQUENCE_MAX = 32 };

size_t log_colour_sequence(const char *text, size_t size)
{
	size_t i = 2;

	if (size < 3 || text[0] != '\x1b' || text[1] != '[')
		return 0;
	while (i < size && i < SEQUENCE_MAX &&
	       ((text[i] >= '0' && text[i] <= '9') || text[i] == ';' || text[i] == ':'))
		i++;
	return i < size && text[i] == 'm' ? i + 1 : 0;
}
