/*
 * Disk faults: a library that stands before the C library's write, pwrite, fdatasync and fsync. A
 * test program links it, a server is started with it as LD_PRELOAD. Only files in a directory of
 * RocksDB's are touched, its own log among them. The word in the file that DISK_FAULTS names says
 * what fails; none, and all goes well.
 *
 *   sync        syncs of the write-ahead log fail with EIO
 *   sync-once   the next sync of it does, then the disk is well again (the word is removed)
 *   write-once  the same of the next write to it
 *   full        no write finds space: half of its bytes go through, then ENOSPC
 *   hang        syncs of it wait until the word is gone
 */
#ifndef DATASTREAM_TESTS_DISK_FAULTS_H
#define DATASTREAM_TESTS_DISK_FAULTS_H

/*
 * Syncs of the write-ahead log that this process began, and those of the folder that the last call
 * named.
 */
long disk_faults_log_syncs(void);
long disk_faults_folder_syncs(const char *path);

#endif
