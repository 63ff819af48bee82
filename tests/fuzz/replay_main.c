/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer where the compiler has none: runs the target over the files and folders
 * named on the command line, so that every corpus is a test with gcc too.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX_BYTES 1048576

static int run_file(const char *path)
{
	static uint8_t data[INPUT_MAX_BYTES];
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}
	size_t size = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	/* A copy of its exact size lets ASan see a read past the end. */
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		return -1;
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

static int run_folder(const char *path)
{
	int n = 0;
	DIR *dir = opendir(path);
	if (!dir) {
		perror(path);
		return -1;
	}
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char file[4096];
		if (e->d_name[0] == '.')
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, e->d_name) >= (int)sizeof(file) ||
		    run_file(file) < 0) {
			n = -1;
			break;
		}
		n++;
	}
	(void)closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int got = -1;
		if (stat(argv[i], &st) == 0)
			got = S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]) + 1;
		if (got <= 0) {
			(void)fprintf(stderr, "%s: no inputs\n", argv[i]);
			return 1;
		}
		n += got;
	}
	(void)printf("%d inputs\n", n);
	return n > 0 ? 0 : 1;
}
