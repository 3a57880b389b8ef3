/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/static_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

bool static_program_is(const void *bytes, size_t size)
{
	const char *start = bytes;
	Elf64_Ehdr header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, start, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0)
		return false;
	size_t table = header.e_phnum * sizeof(Elf64_Phdr);
	if (header.e_phoff > size || table > size - header.e_phoff)
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr part;
		memcpy(&part, start + header.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type == PT_INTERP)
			return false;
	}
	return true;
}

bool static_program_check(const char *path, struct error *err)
{
	char head[64 << 10];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, head, sizeof(head)) : -1;

	if (got < 0)
		return error_set_errno(err, errno, "%s", path);
	return static_program_is(head, (size_t)got) ||
	       error_set(err, ERROR_INVALID,
			 "%s is no static x86-64 program: it would want files of its own in the "
			 "image",
			 path);
}
