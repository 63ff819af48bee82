/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a key pair to the file named and its public key to stdout; for system tests only. */
#include <stdio.h>

#include "net/keypair.h"

int main(int argc, char **argv)
{
	struct hr_keypair pair;
	struct hr_err err;

	if (argc != 2) {
		fprintf(stderr, "usage: make_key FILE\n");
		return 2;
	}
	if (hr_keypair_generate(&pair, &err) < 0 || hr_keypair_save(argv[1], &pair, &err) < 0) {
		fprintf(stderr, "make_key: %s\n", err.text);
		return 1;
	}
	printf("%s\n", pair.public);
	hr_keypair_forget(&pair);
	return 0;
}
