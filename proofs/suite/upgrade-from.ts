/**
 * The commit whose clusters must survive an update to the current code. Set to each release when that is made, so that
 * updates from the last release are tested.
 */
export const UPGRADE_FROM = "fe8e917c04f581e71718871249efc7b41d55e200";
