/**
 * Whom to trust, and what must not be told: certificates and secrets, for all who speak to servers.
 */
package io.buttress.access;
