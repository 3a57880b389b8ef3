/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/rune.h"

size_t rune_encode(unsigned code, char out[4])
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = size - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(marks[size] | code);
	return size;
}

unsigned rune_decode(const char *text, size_t width)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned code = (unsigned char)text[0] & masks[width <= 4 ? width : 0];

	for (size_t i = 1; i < width && i < 4; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3fU);
	return code;
}
