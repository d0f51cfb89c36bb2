/**
 * The code whose clusters have to come through an update to today's. Moved on when a release is made: to that release, so that whoever runs
 * it is looked after.
 */
export const UPGRADE_FROM = "fe8e917c04f581e71718871249efc7b41d55e200";
