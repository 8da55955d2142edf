/**
 * Runs after installation (`prepare` in the repository's package.json): sets up the embedded catalog's
 * template. Without it everything works and the first start takes some seconds more, so a failure is told
 * and not fatal.
 */
import { messageOf } from '@lakewright/core';
import { makeTemplate } from './embedded-sql.ts';

try {
  await makeTemplate();
} catch (error) {
  process.stderr.write(`lakewright: no template for the embedded catalog: ${messageOf(error)}\n`);
}
