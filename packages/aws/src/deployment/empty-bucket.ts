import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { UnavailableError } from '@lakewright/core';

/**
 * Removes every version of every object of a bucket of the account `owner` and every unfinished upload. Errors are the
 * SDK's; S3 refuses when the bucket is another account's.
 */
export async function emptyBucket(
  client: S3Client,
  { bucket, owner }: { readonly bucket: string; readonly owner: string },
  onProgress: (removed: number) => void = () => undefined,
): Promise<void> {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  let removed = 0;
  // The first page again and again: what was on it is gone. A version that stays ends this with an error.
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand(place));
    const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (versions.length === 0) break;
    const { Errors: [failed] = [] } = await client.send(
      new DeleteObjectsCommand({
        ...place,
        Delete: { Quiet: true, Objects: versions.map(({ Key, VersionId }) => ({ Key, VersionId })) },
      }),
    );
    if (failed !== undefined) {
      throw new UnavailableError(`could not remove an object of s3://${bucket}: S3 answered ${failed.Code}`, {
        hint: 'an object lock, a policy of the bucket or a missing right keeps it',
      });
    }
    removed += versions.length;
    onProgress(removed);
  }
  for (;;) {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(place));
    if (Uploads.length === 0) return;
    for (const { Key, UploadId } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ ...place, Key, UploadId }));
    }
  }
}
