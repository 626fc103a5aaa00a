export default async function globalTeardown() {
  await globalThis.sharedRedis?.stop();
}
