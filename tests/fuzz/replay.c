/* Feeds every file of the folders that it is given to a fuzz target; an empty folder is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    uint8_t *exact;
    size_t size;

    if (file == NULL || bytes == NULL)
        abort();
    size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    exact = malloc(size == 0 ? 1 : size); /* so that a read past the end is seen */
    if (exact == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        exact[i] = bytes[i];
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(bytes);
    return 1;
}

int main(int argc, char **argv)
{
    int replayed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        struct dirent *entry;

        if (folder == NULL) {
            fprintf(stderr, "no corpus at %s\n", argv[i]);
            return 1;
        }
        while ((entry = readdir(folder)) != NULL) {
            char path[4096];

            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            replayed += replay_file(path);
        }
        closedir(folder);
    }
    printf("%d inputs replayed\n", replayed);
    return replayed == 0;
}
