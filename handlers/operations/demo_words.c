#include "config.h"

#include "handlers/operations/demo_words.h"

/* clang-format off */
const struct demo_city demo_cities[] = {
	{ "Addis Ababa", "Addis Ababa", 9.0300, 38.7400, 38 },
	{ "Dire Dawa", "Dire Dawa", 9.6009, 41.8501, 5 },
	{ "Adama", "Oromia", 8.5400, 39.2700, 5 },
	{ "Bahir Dar", "Amhara", 11.5742, 37.3614, 5 },
	{ "Hawassa", "Sidama", 7.0621, 38.4764, 5 },
	{ "Mekelle", "Tigray", 13.4967, 39.4753, 5 },
	{ "Gondar", "Amhara", 12.6030, 37.4521, 4 },
	{ "Jimma", "Oromia", 7.6736, 36.8344, 4 },
	{ "Dessie", "Amhara", 11.1333, 39.6333, 3 },
	{ "Harar", "Harari", 9.3139, 42.1182, 3 },
	{ "Bishoftu", "Oromia", 8.7523, 38.9785, 3 },
	{ "Jijiga", "Somali", 9.3500, 42.8000, 2 },
	{ "Shashamane", "Oromia", 7.2000, 38.6000, 2 },
	{ "Arba Minch", "South Ethiopia", 6.0333, 37.5500, 2 },
	{ "Sodo", "South Ethiopia", 6.8600, 37.7600, 2 },
	{ "Dilla", "South Ethiopia", 6.4083, 38.3083, 1 },
	{ "Nekemte", "Oromia", 9.0893, 36.5550, 1 },
	{ "Debre Birhan", "Amhara", 9.6833, 39.5333, 1 },
	{ "Debre Markos", "Amhara", 10.3500, 37.7333, 1 },
	{ "Asella", "Oromia", 7.9500, 39.1333, 1 },
	{ "Axum", "Tigray", 14.1297, 38.7166, 2 },
	{ "Lalibela", "Amhara", 12.0309, 39.0476, 2 },
	{ "Gambela", "Gambela", 8.2500, 34.5833, 1 },
	{ "Assosa", "Benishangul-Gumuz", 10.0667, 34.5333, 1 },
	{ "Semera", "Afar", 11.7923, 41.0086, 1 },
};
const size_t demo_n_cities = sizeof(demo_cities) / sizeof(*demo_cities);

static const struct demo_options by_weight = {
	"Weight", { "250 g", "500 g", "1 kg", "2 kg", "5 kg" },
	"Grade", { "Everyday", "Selected", "Reserve" } };
static const struct demo_options by_volume = {
	"Volume", { "100 ml", "250 ml", "500 ml", "1 l", "5 l" },
	NULL, { NULL } };
static const struct demo_options by_size = {
	"Size", { "S", "M", "L", "XL", "XXL" },
	"Colour", { "White", "Green", "Gold", "Red", "Blue", "Black" } };
static const struct demo_options by_shoe_size = {
	"Size", { "38", "39", "40", "42", "44" },
	"Colour", { "Brown", "Black", "Tan" } };
static const struct demo_options by_colour = {
	"Colour", { "Natural", "Red", "Green", "Yellow", "Blue" },
	NULL, { NULL } };
static const struct demo_options by_storage = {
	"Storage", { "64 GB", "128 GB", "256 GB", "512 GB", "1 TB" },
	"Colour", { "Black", "Silver", "Blue" } };
static const struct demo_options by_format = {
	"Format", { "Paperback", "Hardcover", "Pocket", "Large print", "Gift edition" },
	"Language", { "Amharic", "English", "Afaan Oromo", "Tigrinya" } };
static const struct demo_options by_set = {
	"Set", { "Single", "Set of 2", "Set of 4", "Set of 6", "Set of 12" },
	NULL, { NULL } };

const struct demo_top demo_tops[] = {
	{ "Coffee and tea", "ቡና እና ሻይ", {
		{ "Coffee beans", { "Yirgacheffe beans", "Sidama beans", "Harar beans", "Limu beans" }, &by_weight, 180, 900, 500 },
		{ "Coffee ceremony", { "Jebena", "Sini cups", "Rekebot tray", "Incense burner" }, &by_set, 150, 2500, 900 },
		{ "Tea", { "Black tea", "Thyme tea", "Ginger tea", "Moringa tea" }, &by_weight, 60, 400, 200 },
		{ "Ground coffee", { "Dark roast", "Medium roast", "Light roast", "Decaffeinated coffee" }, &by_weight, 200, 950, 500 },
		{ "Coffee tools", { "Hand grinder", "Roasting pan", "Coffee filter", "Moka pot" }, &by_set, 250, 4000, 800 } } },
	{ "Clothing", "ልብስ", {
		{ "Traditional dress", { "Habesha kemis", "Netela", "Gabi", "Kuta" }, &by_size, 900, 9000, 700 },
		{ "Shirts", { "Cotton shirt", "Embroidered shirt", "Polo shirt", "T-shirt" }, &by_size, 250, 1800, 300 },
		{ "Trousers", { "Cotton trousers", "Jeans", "Work trousers", "Shorts" }, &by_size, 400, 2500, 500 },
		{ "Outerwear", { "Wool coat", "Rain jacket", "Leather jacket", "Shawl" }, &by_size, 900, 12000, 1200 },
		{ "Children's wear", { "School uniform", "Baby wrap", "Girls' dress", "Boys' suit" }, &by_size, 200, 2200, 300 } } },
	{ "Shoes and leather", "ጫማ እና ቆዳ", {
		{ "Shoes", { "Leather shoe", "Running shoe", "School shoe", "Sandal" }, &by_shoe_size, 500, 6000, 900 },
		{ "Bags", { "Leather bag", "Backpack", "Shoulder bag", "Travel bag" }, &by_colour, 600, 8000, 1100 },
		{ "Belts", { "Leather belt", "Woven belt", "Work belt", "Gift belt" }, &by_colour, 200, 1500, 250 },
		{ "Small leather", { "Wallet", "Key case", "Card holder", "Passport cover" }, &by_colour, 150, 1400, 120 },
		{ "Boots", { "Hiking boot", "Work boot", "Riding boot", "Rain boot" }, &by_shoe_size, 900, 7000, 1500 } } },
	{ "Phones and computers", "ስልክ እና ኮምፒውተር", {
		{ "Phones", { "Smartphone", "Feature phone", "Rugged phone", "Dual-SIM phone" }, &by_storage, 2500, 60000, 300 },
		{ "Computers", { "Laptop", "Desktop computer", "Mini computer", "Refurbished laptop" }, &by_storage, 15000, 120000, 2200 },
		{ "Tablets", { "Tablet", "E-reader", "Drawing tablet", "Children's tablet" }, &by_storage, 6000, 45000, 600 },
		{ "Storage", { "Memory card", "USB stick", "Portable disk", "Solid-state disk" }, &by_storage, 400, 15000, 100 },
		{ "Accessories", { "Charger", "Power bank", "Headphones", "Phone case" }, &by_colour, 150, 6000, 200 } } },
	{ "Home and kitchen", "ቤት እና ወጥ ቤት", {
		{ "Cookware", { "Mitad griddle", "Clay pot", "Steel pot", "Frying pan" }, &by_set, 300, 5000, 2500 },
		{ "Tableware", { "Mesob basket", "Serving plate", "Water glass", "Spoon set" }, &by_set, 150, 4500, 900 },
		{ "Textiles", { "Cotton blanket", "Woven rug", "Cushion cover", "Table cloth" }, &by_colour, 250, 7000, 1500 },
		{ "Furniture", { "Wooden stool", "Bookshelf", "Dining chair", "Low table" }, &by_colour, 900, 25000, 8000 },
		{ "Lighting", { "Solar lamp", "Desk lamp", "Ceiling lamp", "Lantern" }, &by_colour, 300, 5000, 900 } } },
	{ "Food and spices", "ምግብ እና ቅመም", {
		{ "Spices", { "Berbere", "Mitmita", "Korarima", "Turmeric" }, &by_weight, 80, 700, 500 },
		{ "Grains", { "White teff", "Red teff", "Barley", "Sorghum" }, &by_weight, 70, 600, 1000 },
		{ "Pulses", { "Shiro flour", "Red lentils", "Chickpeas", "Split peas" }, &by_weight, 60, 450, 1000 },
		{ "Honey", { "White honey", "Forest honey", "Comb honey", "Tej honey" }, &by_weight, 250, 1800, 500 },
		{ "Oils", { "Niger seed oil", "Sesame oil", "Sunflower oil", "Spiced butter" }, &by_volume, 180, 1500, 900 } } },
	{ "Crafts and art", "እደ ጥበብ", {
		{ "Baskets", { "Agelgil basket", "Bread basket", "Wall basket", "Storage basket" }, &by_colour, 200, 3500, 700 },
		{ "Wood carving", { "Carved cross", "Carved bowl", "Picture frame", "Chess set" }, &by_set, 250, 5000, 900 },
		{ "Paintings", { "Icon painting", "Landscape painting", "Parchment painting", "Portrait print" }, &by_colour, 500, 15000, 900 },
		{ "Pottery", { "Clay vase", "Clay bowl", "Candle holder", "Flower pot" }, &by_colour, 150, 2500, 1500 },
		{ "Jewellery", { "Silver cross", "Bead necklace", "Bracelet", "Filigree earrings" }, &by_colour, 300, 12000, 80 } } },
	{ "Books and paper", "መጻሕፍት", {
		{ "Novels", { "Historical novel", "Short stories", "Love story", "Detective novel" }, &by_format, 120, 900, 350 },
		{ "School books", { "Mathematics book", "Physics book", "Grammar book", "Atlas" }, &by_format, 150, 1200, 500 },
		{ "Children's books", { "Picture book", "Folk tales", "Alphabet book", "Riddle book" }, &by_format, 90, 700, 300 },
		{ "History", { "History of Axum", "Biography", "Travel diary", "Photo book" }, &by_format, 200, 2500, 700 },
		{ "Stationery", { "Notebook", "Pen set", "Pencil case", "Drawing pad" }, &by_colour, 40, 600, 250 } } },
	{ "Beauty and health", "ውበት እና ጤና", {
		{ "Skin care", { "Shea butter", "Aloe cream", "Face soap", "Sun cream" }, &by_volume, 120, 1600, 200 },
		{ "Hair care", { "Hair oil", "Shampoo", "Hair butter", "Comb" }, &by_volume, 90, 1200, 300 },
		{ "Incense", { "Frankincense", "Myrrh", "Sandalwood", "Incense sticks" }, &by_weight, 100, 1500, 200 },
		{ "Perfume", { "Rose perfume", "Oud perfume", "Body mist", "Perfume oil" }, &by_volume, 300, 6000, 250 },
		{ "Wellness", { "Massage oil", "Herbal balm", "Black seed oil", "First-aid kit" }, &by_volume, 150, 1800, 300 } } },
	{ "Farm and garden", "እርሻ", {
		{ "Seeds", { "Teff seed", "Maize seed", "Vegetable seed", "Coffee seedling" }, &by_weight, 50, 900, 1000 },
		{ "Tools", { "Hoe", "Sickle", "Watering can", "Pruning shears" }, &by_set, 150, 2500, 1500 },
		{ "Irrigation", { "Drip line", "Water pump", "Hose", "Water tank" }, &by_set, 400, 30000, 6000 },
		{ "Beekeeping", { "Bee hive", "Smoker", "Honey strainer", "Bee suit" }, &by_set, 500, 9000, 4000 },
		{ "Animal care", { "Feed mix", "Salt block", "Halter", "Milking can" }, &by_weight, 150, 3000, 5000 } } },
	{ "Sports and music", "ስፖርት እና ሙዚቃ", {
		{ "Football", { "Football", "Football shirt", "Goalkeeper gloves", "Shin guards" }, &by_size, 250, 3500, 500 },
		{ "Running", { "Running shorts", "Running vest", "Sports watch", "Water bottle" }, &by_size, 200, 9000, 300 },
		{ "Instruments", { "Krar", "Masenqo", "Washint flute", "Kebero drum" }, &by_colour, 600, 12000, 2000 },
		{ "Camping", { "Tent", "Sleeping bag", "Camp stove", "Headlamp" }, &by_colour, 500, 15000, 2500 },
		{ "Cycling", { "Bicycle", "Bicycle helmet", "Bicycle pump", "Tyre" }, &by_size, 300, 35000, 5000 } } },
	{ "Tools and energy", "መሣሪያ እና ኃይል", {
		{ "Solar", { "Solar panel", "Solar battery", "Solar kit", "Inverter" }, &by_set, 1500, 80000, 9000 },
		{ "Hand tools", { "Hammer", "Saw", "Screwdriver set", "Spanner set" }, &by_set, 150, 3500, 1200 },
		{ "Power tools", { "Drill", "Angle grinder", "Jigsaw", "Welding set" }, &by_colour, 1500, 25000, 3500 },
		{ "Paint", { "Wall paint", "Wood varnish", "Metal paint", "Primer" }, &by_volume, 200, 4000, 3000 },
		{ "Electrical", { "Cable reel", "Switch", "Socket", "Bulb" }, &by_set, 60, 2500, 500 } } },
};
const size_t demo_n_tops = sizeof(demo_tops) / sizeof(*demo_tops);

const char *const demo_qualities[] = {
	"Hand-made", "Classic", "Fine", "Everyday", "Organic", "Premium", "Light", "Sturdy", "Festive", "Natural",
	"Highland", "Family", "Compact", "Original", "Modern", "Golden", "Pure", "Simple", "Large", "Small", NULL };
const char *const demo_brands[] = {
	"Abyssinia", "Tana", "Sheba", "Entoto", "Awash", "Simien", "Kaffa", "Selam", "Lucy", "Walia", "Zema", "Enset", NULL };
const char *const demo_store_names[] = {
	"Blue Nile", "Lalibela", "Queen Sheba", "Lake Tana", "Entoto", "Simien", "Awash", "Rift Valley", "Meskel", "Axum",
	"Habesha", "Selam", "New Flower", "Sidama", "Kaffa", "Jugol", "Fasil", "Bale", "Omo", "Langano",
	"Abay", "Tekeze", "Gheralta", "Chercher", "Wenchi", NULL };
const char *const demo_store_kinds[] = {
	"Traders", "Coffee House", "Crafts", "Market", "Boutique", "Electronics", "Home", "Books", "Foods", "Leather", NULL };
const char *const demo_first_names[] = {
	"Abebe", "Almaz", "Bekele", "Chaltu", "Dawit", "Eden", "Fikru", "Genet", "Hana", "Ibrahim", "Kebede", "Lulit",
	"Marta", "Nuru", "Robel", "Saba", "Tigist", "Yonas", "Zahra", "Meron", NULL };
const char *const demo_last_names[] = {
	"Tesfaye", "Haile", "Girma", "Ahmed", "Bekele", "Worku", "Lemma", "Abdi", "Desta", "Mulugeta", "Kassa", "Tadesse",
	"Gebre", "Alemu", "Wolde", NULL };
const char *const demo_sentences[] = {
	"Made in small batches by people who know the trade.",
	"Packed with care and ready to travel.",
	"Chosen by hand; every piece is looked at before it leaves.",
	"Easy to use, easy to clean, and built to last.",
	"A gift that is remembered.",
	"Comes from a family workshop with three generations of practice.",
	"The colours may differ a little from the picture, as nature wants it.",
	"Stored dry and cool until the day it is sent.",
	"Loved by our regular customers for years.",
	"Fair prices for the people who grow and make it.", NULL };
const char *const demo_local_sentences[] = {
	"በባለሙያዎች እጅ የተሰራ ነው።", "ጥራቱ የተረጋገጠ ነው።", "ለስጦታ ተስማሚ ነው።", "በመላ ኢትዮጵያ እናደርሳለን።", NULL };

const char *const demo_review_titles[5][4] = {
	{ "Disappointed", "Not as described", "Broke at once", "Would not buy again" },
	{ "Below what I hoped", "Could be better", "Late and scratched", "Not my taste" },
	{ "It is all right", "Fair for the price", "Good enough", "Average" },
	{ "Good", "Happy with it", "Nice quality", "Would buy again" },
	{ "Excellent", "Wonderful", "Exactly right", "The best I have had" },
};
const char *const demo_review_texts[5][4] = {
	{ "It arrived broken and nobody answered for a week.", "The picture shows something else.",
	  "After two days it could not be used any more.", "I asked for my money back." },
	{ "The idea is good, the work is poor.", "Delivery took too long and the box was open.",
	  "Smaller than I thought.", "The colour is different." },
	{ "It does what it should, no more.", "For this price there is nothing to complain about.",
	  "Some parts are good, some are not.", "I have seen better and worse." },
	{ "Good quality and quick delivery.", "My family uses it every day.",
	  "Well packed, came in two days.", "A small scratch, otherwise fine." },
	{ "Beautiful work, better than in the picture.", "በጣም ጥሩ ነው፣ እናመሰግናለን።",
	  "Everything was perfect, from order to delivery.", "I have bought a second one for my mother." },
};
/* clang-format on */
